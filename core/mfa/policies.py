"""What a policy says about one code, and whether a contract accepts how somebody signed in."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from core.accounts.policies import Policy
from core.mfa.codes import CodeRules, Purpose
from core.mfa.models import STRONGER, Channel
from tenants import registry
from tenants.configuration.policy import PolicySections

# Without a lock hold in the policy (until an admin unlocks) a registration would stay closed for
# good, although nobody can unlock it; an hour is our own figure. The same for codes that anybody
# may have sent to any address.
_REGISTRATION_HOLD_MINUTES = 60
# A remembered browser stands for the method it was remembered by; it exists only where every
# contract of the account allows it.
METHOD_OF_CHANNEL = {
    "email": "email",
    "sms": "phone",
    "voice": "phone",
    "totp": "totp",
    "passkey": "passkey",
    # A spare for a code of the app: a secret that can be typed into a false page, too. Where only
    # passkeys are accepted it does not count.
    "recovery": "totp",
    "remembered_email": "email",
    "remembered_phone": "phone",
    "remembered_totp": "totp",
    "remembered_passkey": "passkey",
}


def sign_in_rules(policy: Policy, channel: str) -> CodeRules:
    """Return the rules of a sign-in code by a channel."""
    lives = {
        Channel.EMAIL.value: policy.mfa.email_code_seconds,
        Channel.SMS.value: policy.mfa.sms_code_seconds,
        Channel.VOICE.value: policy.mfa.voice_code_seconds,
    }
    return CodeRules(
        life_seconds=lives[channel],
        max_attempts=policy.mfa.attempts,
        hold_minutes=policy.accounts.lock_hold_minutes,
        voice_confirmation=policy.mfa.voice_confirmation,
    ).capped()


def answer_rules(policy: Policy) -> CodeRules:
    """Return the rules of an answer that no message is sent for: only the tries count."""
    return CodeRules(
        life_seconds=0,
        max_attempts=policy.mfa.attempts,
        hold_minutes=policy.accounts.lock_hold_minutes,
    )


def registration_rules(policy: Policy, channel: str, purpose: Purpose) -> CodeRules:
    """Return the rules of a code that proves an address or number which is new to the account."""
    rules = sign_in_rules(policy, channel)
    is_email = purpose in {Purpose.VERIFY_EMAIL, Purpose.CHANGE_EMAIL}
    return CodeRules(
        life_seconds=policy.mfa.verify_email_code_seconds if is_email else rules.life_seconds,
        max_attempts=rules.max_attempts,
        hold_minutes=rules.hold_minutes or _REGISTRATION_HOLD_MINUTES,
        voice_confirmation=rules.voice_confirmation,
    ).capped()


def accepts(methods: Iterable[str], used: Iterable[str]) -> bool:
    """Tell whether a contract that offers `methods` accepts a session that used these channels."""
    proven = {METHOD_OF_CHANNEL.get(name, name) for name in used}
    return bool(proven.intersection(methods))


@dataclass(frozen=True)
class StrangerRules:
    """What holds on pages for people of whom nothing is known yet."""

    code: CodeRules
    reset_minutes: int


def stranger_rules() -> StrangerRules:
    """Return the strictest rules of all contracts and of the deployment.

    What a page shows before anything is proven (the life of a code, how many tries are left) must
    be the same for everybody: under the account's own rules it would tell that there is one.
    """
    policies: list[PolicySections] = [one.document for one in registry.list_contracts()]
    policies.append(registry.get_deployment().defaults)
    return StrangerRules(
        code=CodeRules(
            life_seconds=min(policy.mfa.verify_email_code_seconds for policy in policies),
            max_attempts=min(policy.mfa.attempts for policy in policies),
            hold_minutes=_REGISTRATION_HOLD_MINUTES,
        ).capped(),
        reset_minutes=min(policy.links.reset_minutes for policy in policies),
    )


def accepted_options(options: Sequence[str], methods: Collection[str]) -> tuple[str, ...]:
    """Return those of an account's options that one of `methods` accepts, recovery codes among
    them: they are for whoever has lost the rest.

    When nothing is accepted, all of them: the account's contracts then ask for a factor to be
    enrolled, and show nothing before (design decision 7).
    """
    accepted = [one for one in options if one in methods]
    spare = [one for one in options if one == "recovery"]
    if not accepted:
        return tuple(options)
    return tuple(one for one in options if one in {*accepted, *spare})


def counting_methods(kinds: frozenset[str]) -> frozenset[str] | None:
    """Return the methods that prove enough of an account whose working factors are `kinds`.

    Where there is an app or a passkey nothing weaker will do; a recovery code stands in for it.
    None: every factor counts, because the account has no stronger one.
    """
    stronger = kinds & STRONGER
    return stronger | {"recovery"} if stronger else None


def strongest_options(options: Sequence[str], kinds: frozenset[str]) -> tuple[str, ...]:
    """Return those of an account's options that prove enough (`counting_methods`)."""
    counting = counting_methods(kinds)
    return tuple(one for one in options if counting is None or one in counting)
