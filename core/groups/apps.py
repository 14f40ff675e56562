"""The app's registration with Django."""

from django.apps import AppConfig


class GroupsConfig(AppConfig):
    name = "core.groups"
    label = "core_groups"
    verbose_name = "Provider groups"

    def ready(self) -> None:
        from core.accounts.selectors import register_username_source
        from core.accounts.services.accounts import (
            register_access_keeper,
            register_deactivation_guard,
        )
        from core.groups.office_source import register_offices
        from core.groups.own_data import register_own_parts
        from core.groups.recovering import register_recoveries
        from core.groups.selectors import accounts_of_identifier, administers_in, works_in
        from core.groups.services.holding import refuse_last_admin
        from core.groups.services.invitations import (
            SOURCE_KIND,
            find_invitation_target,
            list_open_invitations,
        )
        from core.groups.source import InvitationSource
        from core.groups.staff_view import list_held_roles
        from core.mfa.proving.stepping_up import register_admin_check
        from core.mfa.registering.link_requests import register_link_finder
        from core.mfa.registering.sources import register_source
        from core.staff.people import register_held_roles, register_identifier_finder

        register_own_parts()
        register_offices()
        register_recoveries()
        register_username_source(list_open_invitations)
        register_source(SOURCE_KIND, InvitationSource())
        register_link_finder(find_invitation_target)
        _register_messages()
        register_access_keeper(works_in)
        register_deactivation_guard(refuse_last_admin)
        register_admin_check(administers_in)
        register_identifier_finder(accounts_of_identifier)
        register_held_roles(list_held_roles)


def _register_messages() -> None:
    from core.groups import (
        join_messages,
        messages,
        office_messages,
        recovery_messages,
        review_messages,
        role_messages,
        weekly_messages,
    )
    from core.notifications.kinds import register_kind

    for kind in (
        *messages.KINDS,
        *join_messages.KINDS,
        *office_messages.KINDS,
        *recovery_messages.KINDS,
        *review_messages.KINDS,
        *role_messages.KINDS,
        *weekly_messages.KINDS,
    ):
        register_kind(kind)
