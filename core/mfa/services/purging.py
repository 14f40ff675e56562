"""How long challenges, counts, registrations, resets and remembered browsers are kept. Own figures.

What must be known for longer stands in the audit, without names and addresses.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from core.common.purging import delete_in_batches, in_batches
from core.mfa.codes import LONGEST_WINDOW, OwnerKind
from core.mfa.models import (
    AttemptCount,
    Challenge,
    ContactChange,
    HelpRequest,
    MfaRegistration,
    PasskeyCeremony,
    PasswordReset,
    RecoveryCode,
    RegistrationLink,
    RememberedBrowser,
    TotpEnrolment,
)

CHALLENGES_KEPT: Final = 2 * LONGEST_WINDOW
"""Send limits look back a day (`codes.py`); a code lives ten minutes at most."""
COUNTS_KEPT: Final = timedelta(days=30)
"""A count of nothing says nothing; a registration's count outlives every reservation."""
UNFINISHED_KEPT: Final = timedelta(days=30)
"""Longer than any reservation holds (`links.reservation_hours`, a week at most)."""
CLOSED_KEPT: Final = timedelta(days=30)
"""Nothing personal is left in it; it tells a help desk how far somebody came."""
BROWSERS_KEPT: Final = timedelta(days=1)
"""A browser is remembered for a day at most; what has ended is worth nothing."""
RESETS_KEPT: Final = timedelta(days=1)
"""It holds an address that may be nobody's; what came of it stands in the audit."""
ENROLMENTS_KEPT: Final = timedelta(days=1)
"""Secrets and questions that nobody confirmed live half an hour at most."""
LINKS_KEPT: Final = timedelta(days=1)
"""After its end a link opens nothing; that it was followed stands in the audit."""
RECOVERY_CODES_KEPT: Final = timedelta(days=30)
"""Used and replaced ones; they open nothing any more."""
CHANGES_KEPT: Final = timedelta(days=1)
"""A run lasts some minutes; what came of it stands in the audit."""
HELP_CLOSED_KEPT: Final = timedelta(days=30)
HELP_OPEN_KEPT: Final = timedelta(days=90)
"""It holds what a person typed; who has waited so long has found another way."""


def purge_mfa(*, at: datetime) -> int:
    """Wipe and delete what is over; returns how many rows. Called by the hourly purge."""
    # Registrations, resets and changes go before the challenges that they point at.
    done = _close_unfinished(at=at)
    done += delete_in_batches(_closed(at)) + delete_in_batches(_resets(at))
    done += delete_in_batches(_changes(at))
    return done + sum(
        delete_in_batches(rows)
        for rows in (
            _challenges(at),
            _counts(at),
            _browsers(at),
            _app_secrets(at),
            _passkey_questions(at),
            _recovery_codes(at),
            _help_requests(at),
            _registration_links(at),
        )
    )


def _close_unfinished(*, at: datetime) -> int:
    over = MfaRegistration.objects.filter(
        completed_at__isnull=True, closed_at__isnull=True, started_at__lt=at - UNFINISHED_KEPT
    )
    return in_batches(
        over,
        lambda keys: MfaRegistration.objects.filter(pk__in=keys).update(
            closed_at=at, **MfaRegistration.WIPED
        ),
    )


def _closed(at: datetime) -> QuerySet[MfaRegistration]:
    ended = Q(completed_at__lt=at - CLOSED_KEPT) | Q(closed_at__lt=at - CLOSED_KEPT)
    return MfaRegistration.objects.filter(ended)


def _challenges(at: datetime) -> QuerySet[Challenge]:
    using = MfaRegistration.objects.filter(
        Q(email_challenge=OuterRef("pk")) | Q(phone_challenge=OuterRef("pk"))
    )
    resetting = PasswordReset.objects.filter(email_challenge=OuterRef("pk"))
    changing = ContactChange.objects.filter(challenge=OuterRef("pk"))
    return Challenge.objects.filter(
        ~Exists(using), ~Exists(resetting), ~Exists(changing), requested_at__lt=at - CHALLENGES_KEPT
    )


def _counts(at: datetime) -> QuerySet[AttemptCount]:
    """Of an account only counts of nothing: others hold until a success or an unlock."""
    worthless = Q(attempts=0) | Q(owner_kind__in=[OwnerKind.REGISTRATION, OwnerKind.ADDRESS])
    return AttemptCount.objects.filter(worthless, last_attempt_at__lt=at - COUNTS_KEPT)


def _resets(at: datetime) -> QuerySet[PasswordReset]:
    return PasswordReset.objects.filter(expires_at__lt=at - RESETS_KEPT)


def _help_requests(at: datetime) -> QuerySet[HelpRequest]:
    over = Q(closed_at__lt=at - HELP_CLOSED_KEPT) | Q(requested_at__lt=at - HELP_OPEN_KEPT)
    return HelpRequest.objects.filter(over)


def _changes(at: datetime) -> QuerySet[ContactChange]:
    return ContactChange.objects.filter(expires_at__lt=at - CHANGES_KEPT)


def _browsers(at: datetime) -> QuerySet[RememberedBrowser]:
    ended = Q(expires_at__lt=at - BROWSERS_KEPT) | Q(revoked_at__lt=at - BROWSERS_KEPT)
    return RememberedBrowser.objects.filter(ended)


def _app_secrets(at: datetime) -> QuerySet[TotpEnrolment]:
    """Confirmed or not: what a registration confirmed and completed was taken over and is gone."""
    return TotpEnrolment.objects.filter(expires_at__lt=at - ENROLMENTS_KEPT)


def _passkey_questions(at: datetime) -> QuerySet[PasskeyCeremony]:
    return PasskeyCeremony.objects.filter(expires_at__lt=at - ENROLMENTS_KEPT)


def _recovery_codes(at: datetime) -> QuerySet[RecoveryCode]:
    before = at - RECOVERY_CODES_KEPT
    return RecoveryCode.objects.filter(Q(used_at__lt=before) | Q(replaced_at__lt=before))


def _registration_links(at: datetime) -> QuerySet[RegistrationLink]:
    return RegistrationLink.objects.filter(expires_at__lt=at - LINKS_KEPT)
