"""Keep what somebody had typed while they sign in again."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from core.accounts.models import LONGEST_PATH, TYPED_FORM_LIFE, TypedForm
from core.common.crypto import SealBrokenError, seal, unseal
from core.common.purging import delete_in_batches
from core.common.tokens import has_token, new_token

_PURPOSE: Final = "typed-form"
# Own figures: no form of ours is longer, and nobody fills in more of them at once.
LONGEST_FORM: Final = 20_000
MOST_FORMS: Final = 5
Typed = str | list[str]
"""What stood in a field: a text, or the values that were chosen."""


@transaction.atomic
def keep_typed_form(
    *, account_id: UUID, path: str, fields: Mapping[str, Typed], at: datetime
) -> str | None:
    """Keep the fields of a form for half an hour; returns the token for the browser's session.

    Called by the door of signed-in pages when a form comes from a session that has ended;
    `account_id` is whose session it was, and nobody else gets the fields. Never called with a
    password or a code. None where there is too much to keep.
    """
    typed = json.dumps(dict(fields))
    if len(typed) > LONGEST_FORM or len(path) > LONGEST_PATH:
        return None
    older = TypedForm.objects.filter(account_id=account_id).order_by("-kept_at", "-id")
    TypedForm.objects.filter(
        pk__in=list(older.values_list("pk", flat=True)[MOST_FORMS - 1 :])
    ).delete()
    fresh = new_token(_PURPOSE)
    TypedForm.objects.create(
        account_id=account_id,
        token_digest=fresh.digest,
        path=path,
        sealed=seal(_PURPOSE, typed.encode(), str(account_id), path),
        kept_at=at,
        expires_at=at + TYPED_FORM_LIFE,
    )
    return fresh.token


@transaction.atomic
def take_typed_form(
    *, token: str, account_id: UUID, path: str, at: datetime
) -> dict[str, Typed] | None:
    """Return the fields that a token stands for, once, to the account and page that they are of.

    None for anything else: nobody's, somebody else's, used, or over (on the second).
    """
    kept = (
        TypedForm.objects.select_for_update()
        .filter(has_token(_PURPOSE, token), account_id=account_id, path=path, expires_at__gt=at)
        .first()
    )
    if kept is None:
        return None
    kept.delete()
    try:
        typed: dict[str, Typed] = json.loads(
            unseal(_PURPOSE, bytes(kept.sealed), str(account_id), path)
        )
    except (SealBrokenError, KeyError):
        return None
    return typed


def purge_typed_forms(*, at: datetime) -> int:
    """Delete what nobody came back for; returns how many. Called by the hourly purge."""
    return delete_in_batches(TypedForm.objects.filter(expires_at__lte=at))
