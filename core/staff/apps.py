"""The app's registration with Django."""

from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "core.staff"
    label = "core_staff"
    verbose_name = "Staff"

    def ready(self) -> None:
        from core.accounts.selectors import register_username_source
        from core.accounts.services.accounts import register_access_keeper
        from core.mfa.proving.freshness import register_confirmation
        from core.mfa.registering.link_requests import register_link_finder
        from core.mfa.registering.sources import register_source
        from core.notifications.kinds import register_kind
        from core.staff.freshness import ProviderConfirmation
        from core.staff.help_requests import register_help_requests
        from core.staff.messages import KINDS
        from core.staff.needs import register_needs
        from core.staff.request_queue.needs import request_needs
        from core.staff.selectors import holds_role_in, list_open_invitations
        from core.staff.services.invitations import SOURCE_KIND, find_invitation_target
        from core.staff.source import StaffInvitationSource

        register_username_source(list_open_invitations)
        register_access_keeper(holds_role_in)
        register_source(SOURCE_KIND, StaffInvitationSource())
        register_link_finder(find_invitation_target)
        register_confirmation(ProviderConfirmation())
        register_help_requests()
        register_needs(request_needs)
        for kind in KINDS:
            register_kind(kind)
