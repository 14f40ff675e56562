"""The app's registration with Django."""

from django.apps import AppConfig


class RegistrationConfig(AppConfig):
    name = "contracts.registration"
    label = "contracts_registration"
    verbose_name = "Provider registration"

    def ready(self) -> None:
        from contracts.registration import (
            approval_messages,
            approving,
            messages,
            own_data,
            selectors,
            source,
            unfinished,
            vector_gate,
        )
        from contracts.registration.services.links import SOURCE_KIND, find_pending_target
        from core.accounts.models import register_account_fact
        from core.accounts.selectors import register_username_source
        from core.accounts.services.accounts import register_access_keeper
        from core.groups.address_on_file import register_address_finder
        from core.groups.waiting import register_waiting_finder
        from core.mfa.registering.link_requests import register_link_finder
        from core.mfa.registering.sources import register_source
        from core.notifications.kinds import register_kind
        from core.staff.people import register_unfinished
        from tenants.configuration.gates import add_gate

        add_gate(vector_gate.vectors_are_met)
        messages.register_kinds()
        for kind in approval_messages.KINDS:
            register_kind(kind)
        own_data.register_own_parts()
        register_source(SOURCE_KIND, source.PendingRegistrationSource())
        register_link_finder(find_pending_target)
        register_username_source(selectors.list_username_holders)
        register_account_fact(selectors.TERMS_FACT, selectors.accepted_terms_fact)
        register_address_finder(selectors.find_address_on_file)
        register_unfinished(unfinished.PendingRegistrations())
        approving.register_approvals()
        register_access_keeper(approving.awaits_approval)
        register_waiting_finder(approving.list_waiting_providers)
