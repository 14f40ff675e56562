"""The app's registration with Django."""

from datetime import datetime
from uuid import UUID

from django.apps import AppConfig


class MfaConfig(AppConfig):
    name = "core.mfa"
    label = "core_mfa"
    verbose_name = "Multi-factor authentication"

    def ready(self) -> None:
        from core.accounts.models import register_account_fact
        from core.accounts.services.locks import register_lock_hook, register_unlock_hook
        from core.accounts.signing_in.remembering import register_browser_memory
        from core.mfa.browsers.cookie import CookieMemory
        from core.mfa.change_messages import CHANGE_CODE
        from core.mfa.codes import Owner, OwnerKind
        from core.mfa.help.messages import HELP_KINDS
        from core.mfa.messages import KINDS
        from core.mfa.notices import FACTOR_NOTICE
        from core.mfa.own_data import register_own_parts
        from core.mfa.pending import register_at_the_door
        from core.mfa.proving.methods import register_prover
        from core.mfa.registering.link_messages import LINK_KINDS
        from core.mfa.registering.link_requests import register_link_finder
        from core.mfa.registering.sources import register_source
        from core.mfa.resets.messages import RESET_CODE
        from core.mfa.selectors import KINDS_FACT, PHONE_FACT, kinds_fact, phone_fact
        from core.mfa.services.browsers import forget_all_browsers
        from core.mfa.services.challenges import forget_attempts
        from core.mfa.services.own_account import AccountSource
        from core.mfa.services.registration_links import find_account_target
        from core.mfa.views.provers import EmailProver, PhoneProver
        from core.mfa.views.stronger_provers import AppProver, PasskeyProver, RecoveryProver
        from core.notifications.kinds import register_kind

        def forget_codes(user_id: UUID) -> None:
            forget_attempts(owner=Owner(OwnerKind.ACCOUNT, user_id))

        def forget_browsers(user_id: UUID, at: datetime) -> None:
            forget_all_browsers(user_id=user_id, reason="locked", by=None, at=at)

        register_own_parts()
        register_unlock_hook(forget_codes)
        register_lock_hook(forget_browsers)
        register_browser_memory(CookieMemory())
        register_at_the_door()
        register_account_fact(KINDS_FACT, kinds_fact)
        register_account_fact(PHONE_FACT, phone_fact)
        register_source("account", AccountSource())
        register_prover("phone", PhoneProver())
        register_prover("email", EmailProver())
        register_prover("totp", AppProver())
        register_prover("passkey", PasskeyProver())
        register_prover("recovery", RecoveryProver())
        register_link_finder(find_account_target)
        for kind in (*KINDS, *HELP_KINDS, *LINK_KINDS, RESET_CODE, CHANGE_CODE, FACTOR_NOTICE):
            register_kind(kind)
