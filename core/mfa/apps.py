"""The app's registration with Django."""

from uuid import UUID

from django.apps import AppConfig


class MfaConfig(AppConfig):
    name = "core.mfa"
    label = "core_mfa"
    verbose_name = "Multi-factor authentication"

    def ready(self) -> None:
        from core.accounts.services.locks import register_unlock_hook
        from core.mfa.codes import Owner, OwnerKind
        from core.mfa.messages import KINDS
        from core.mfa.services.challenges import forget_attempts
        from core.mfa.services.own_account import AccountSource
        from core.mfa.sources import register_source
        from core.notifications.kinds import register_kind

        def forget_codes(user_id: UUID) -> None:
            forget_attempts(owner=Owner(OwnerKind.ACCOUNT, user_id))

        register_unlock_hook(forget_codes)
        register_source("account", AccountSource())
        for kind in KINDS:
            register_kind(kind)
