"""The app's registration with Django."""

from django.apps import AppConfig


class GroupsConfig(AppConfig):
    name = "core.groups"
    label = "core_groups"
    verbose_name = "Provider groups"

    def ready(self) -> None:
        from core.accounts.services.accounts import register_access_keeper
        from core.groups.selectors import administers_in, works_in
        from core.mfa.stepping_up import register_admin_check

        register_access_keeper(works_in)
        register_admin_check(administers_in)
