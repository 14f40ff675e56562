"""Passkeys and security keys: ask an authenticator, take a new one, check an answer.

A question's challenge lies in the database, for one browser (`binding`) and one purpose, and is
used up by `UPDATE … WHERE used_at IS NULL` before the answer is looked at: of parallel answers one
is evaluated.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from core.accounts.models import User
from core.audit.recording import record
from core.mfa.authenticators.passkeys import (
    CHALLENGE_BYTES,
    Answer,
    KnownPasskey,
    NewPasskey,
    PasskeyRefusedError,
    Person,
    RelyingParty,
    challenge_of,
    enrolment_options,
    proof_options,
    read_enrolment,
    read_proof,
)
from core.mfa.codes import Owner
from core.mfa.models import Factor, Passkey, PasskeyCeremony
from core.mfa.notices import tell_owner
from core.mfa.services.challenges import Verdict, VerifyResult
from core.mfa.services.tries import Asked, is_shut, not_evaluated, verified

QUESTION_LIFE: Final = timedelta(minutes=5)
"""Own figure: time to fetch a security key from a bag."""
ENROL: Final = "enrol"

Options = dict[str, Any]
Response = Mapping[str, Any]


@transaction.atomic
def ask_for_new_passkey(
    *, owner: Owner, binding: UUID, party: RelyingParty, person: Person, at: datetime
) -> Options:
    """Return the question that makes a new passkey; `owner` an account or an MFA registration.

    Who has a passkey of the account already makes no second one.
    """
    challenge = _write_question(owner, binding, ENROL, party, at=at)
    known = [_known(passkey) for passkey in _passkeys_of(owner.id, party.rp_id)]
    return enrolment_options(party, person, challenge=challenge, exclude=known)


@transaction.atomic
def take_new_passkey(
    *, owner: Owner, binding: UUID, party: RelyingParty, response: Response, at: datetime
) -> PasskeyCeremony | None:
    """Check the answer to that question and keep it; None when it is refused.

    The account takes it over by `take_over_passkey`. Records `passkey.refused` with the reason.
    """
    ceremony = _use_up(binding, ENROL, party, response, at=at)
    if ceremony is None or (ceremony.owner_kind, ceremony.owner_id) != (owner.kind, owner.id):
        _refused(owner, "unknown or used question", at=at)
        return None
    try:
        made = read_enrolment(party, challenge=bytes(ceremony.challenge), response=response)
    except PasskeyRefusedError as error:
        _refused(owner, str(error), at=at)
        return None
    if Passkey.objects.filter(credential_id=made.credential_id).exists():
        _refused(owner, "known already", at=at)
        return None
    ceremony.answer = made.to_json()
    ceremony.save(update_fields=["answer"])
    return ceremony


def take_over_passkey(
    *, ceremony: PasskeyCeremony, factor: Factor, handle: bytes, name: str, at: datetime
) -> Passkey:
    """Make a kept answer a passkey of the account, in the transaction that writes the factor."""
    made = NewPasskey.from_json(ceremony.answer or {})
    passkey = Passkey.objects.create(
        factor=factor,
        name=name,
        rp_id=ceremony.rp_id,
        user_handle=handle,
        credential_id=made.credential_id,
        credential=made.credential,
        transports=list(made.transports),
        sign_count=made.sign_count,
        is_synced=made.is_synced,
        created_at=at,
    )
    ceremony.answer = None
    ceremony.save(update_fields=["answer"])
    return passkey


@transaction.atomic
def ask_for_passkey(
    *, asked: Asked, binding: UUID, party: RelyingParty, at: datetime
) -> Options | None:
    """Return the question that an account's passkeys for this domain can answer, None without any.

    Called by the page that asks for a factor, when the person presses its button.
    """
    known = [_known(passkey) for passkey in _passkeys_of(asked.user_id, party.rp_id)]
    if not known:
        return None
    challenge = _write_question(asked.owner, binding, asked.purpose.value, party, at=at)
    return proof_options(party, challenge=challenge, allow=known)


@transaction.atomic
def verify_passkey(
    *, asked: Asked, binding: UUID, party: RelyingParty, response: Response, at: datetime
) -> VerifyResult:
    """Check the answer to that question: signature, origin, domain, person verified, counter.

    Records `challenge.verified`, or `challenge.failed` with `passkey.refused` and its reason. A
    counter that did not rise means that the key was copied: the passkey is suspended, the owner
    told (`passkey.suspended`). A wrong answer cannot be a guess, so it does not count to the lock.
    """
    ceremony = _use_up(binding, asked.purpose.value, party, response, at=at)
    if ceremony is None or ceremony.owner_id != asked.user_id:
        return not_evaluated(asked, Verdict.EXPIRED, at=at)
    if is_shut(asked, at=at):
        return not_evaluated(asked, Verdict.LOCKED, at=at)
    known = [_known(passkey) for passkey in _passkeys_of(asked.user_id, party.rp_id)]
    try:
        answer = read_proof(
            party, challenge=bytes(ceremony.challenge), allow=known, response=response
        )
    except PasskeyRefusedError as error:
        _refused(asked.owner, str(error), at=at)
        return not_evaluated(asked, Verdict.WRONG, at=at)
    if not _count_up(answer, at=at):
        _suspend(asked, answer, at=at)
        return not_evaluated(asked, Verdict.WRONG, at=at)
    return verified(asked, at=at)


def _passkeys_of(user_id: UUID, rp_id: str) -> QuerySet[Passkey]:
    return Passkey.objects.filter(
        factor__user_id=user_id, rp_id=rp_id, suspended_at__isnull=True
    ).order_by("created_at")


def _known(passkey: Passkey) -> KnownPasskey:
    return KnownPasskey(
        credential_id=bytes(passkey.credential_id),
        credential=bytes(passkey.credential),
        user_handle=bytes(passkey.user_handle),
        transports=tuple(passkey.transports),
    )


def _write_question(
    owner: Owner, binding: UUID, purpose: str, party: RelyingParty, *, at: datetime
) -> bytes:
    # What the same page asked before and nobody answered in time is in nobody's way any more.
    PasskeyCeremony.objects.filter(
        binding=binding, used_at__isnull=True, expires_at__lte=at
    ).delete()
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    PasskeyCeremony.objects.create(
        owner_kind=owner.kind,
        owner_id=owner.id,
        binding=binding,
        purpose=purpose,
        rp_id=party.rp_id,
        challenge=challenge,
        started_at=at,
        expires_at=at + QUESTION_LIFE,
    )
    return challenge


def _use_up(
    binding: UUID, purpose: str, party: RelyingParty, response: Response, *, at: datetime
) -> PasskeyCeremony | None:
    """Use up the question that an answer belongs to, whatever the answer is worth."""
    challenge = challenge_of(response)
    if challenge is None:
        return None
    ceremony = PasskeyCeremony.objects.filter(
        binding=binding, purpose=purpose, rp_id=party.rp_id, challenge=challenge
    ).first()
    if ceremony is None:
        return None
    unused = PasskeyCeremony.objects.filter(pk=ceremony.pk, used_at__isnull=True, expires_at__gt=at)
    if not unused.update(used_at=at):
        return None
    ceremony.used_at = at
    return ceremony


def _count_up(answer: Answer, *, at: datetime) -> bool:
    """Write the counter if it rose, or if the passkey never counts (always 0); tells whether."""
    rises = Q(sign_count__lt=answer.sign_count)
    if answer.sign_count == 0:
        rises = Q(sign_count=0)
    risen = Passkey.objects.filter(rises, credential_id=answer.credential_id)
    return bool(
        risen.update(sign_count=answer.sign_count, is_synced=answer.is_synced, last_used_at=at)
    )


def _suspend(asked: Asked, answer: Answer, *, at: datetime) -> None:
    passkey = Passkey.objects.get(credential_id=answer.credential_id)
    Passkey.objects.filter(pk=passkey.pk).update(suspended_at=at)
    record(
        "passkey.suspended",
        contract_id=asked.contract_id,
        subject=("account", asked.user_id),
        data={
            "passkey": str(passkey.id),
            "counter": answer.sign_count,
            "known_counter": passkey.sign_count,
        },
        at=at,
    )
    tell_owner(User.objects.get(pk=asked.user_id), "passkey_suspended", at=at)


def _refused(owner: Owner, reason: str, *, at: datetime) -> None:
    record(
        "passkey.refused",
        subject=(owner.kind.value, owner.id),
        result="refused",
        data={"reason": reason},
        at=at,
    )
