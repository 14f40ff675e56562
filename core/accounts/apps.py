"""The app's registration with Django."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "core.accounts"
    label = "core_accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from django.core.checks import register

        from core.accounts.checks import check_block_lists
        from core.accounts.inactivity.notices import DISUSE_KINDS
        from core.accounts.notices import (
            ACCOUNT_LOCKED,
            CREDENTIALS_NOTICE,
            EMAIL_NOTICE,
            PASSWORD_NOTICE,
        )
        from core.accounts.own_data import register_own_parts
        from core.accounts.refusing import note_refused_choices
        from core.notifications.kinds import register_kind
        from core.ui.forms import choices_refused

        register(check_block_lists)
        choices_refused.connect(note_refused_choices)
        register_own_parts()
        notices = (ACCOUNT_LOCKED, CREDENTIALS_NOTICE, EMAIL_NOTICE, PASSWORD_NOTICE)
        for kind in (*notices, *DISUSE_KINDS):
            register_kind(kind)
