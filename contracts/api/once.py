"""Writes that are sent again: the same key and the same request get the same answer for a day.

The answer is kept in the transaction of the act, so that there is no moment in which one is there
without the other: a call whose connection broke, or whose process was killed, is simply sent again.
Two at once wait for each other at the unique key, and the second gets the first one's answer.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

from contracts.api.models import KeptAnswer
from core.accounts.models import User
from core.common.crypto import constant_time_equal, join_parts, seal, unseal
from core.common.ids import uuid7
from core.common.problems import FieldError, Problem
from core.common.purging import delete_in_batches

HEADER: Final = "Idempotency-Key"
KEPT: Final = timedelta(hours=24)
LONGEST_KEY: Final = 255
_SEAL: Final = "api_answer"
_HEADERS: Final = ("Location", "ETag")


def answer_once(
    request: HttpRequest, *, user: User, body: bytes, at: datetime, act: Callable[[], HttpResponse]
) -> HttpResponse:
    """Carry a write out, or give the answer again that it got with the same key.

    Called by every POST, PUT and DELETE, after the caller's rights were looked at and refusals were
    recorded: what `act` raises leaves nothing, and may be sent again with the same key. Only
    answers of acts that were carried out are kept. Raises Problem: 400 without a key, 422 for a key
    of another request.
    """
    key = _key_of(request)
    digest = _digest(request, body)
    with transaction.atomic():
        kept = _begin(user, key, digest, at)
        if kept is None:
            return _again(user, key, digest)
        response = act()
        KeptAnswer.objects.filter(pk=kept.pk).update(
            status=response.status_code,
            headers={name: response.headers[name] for name in _HEADERS if name in response.headers},
            sealed_body=seal(_SEAL, response.content, str(kept.pk)),
        )
    return response


def purge_answers(*, at: datetime) -> int:
    """Delete answers that nobody may ask for again; returns how many. Called hourly."""
    return delete_in_batches(KeptAnswer.objects.filter(made_at__lte=at - KEPT))


def _begin(user: User, key: str, digest: bytes, at: datetime) -> KeptAnswer | None:
    """Take the key, waiting for whoever holds it just now; None where it has its answer."""
    KeptAnswer.objects.filter(user=user, key=key, made_at__lte=at - KEPT).delete()
    made = KeptAnswer(id=uuid7(), user=user, key=key, request_digest=digest, made_at=at)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contracts_api_keptanswer"
            " (id, user_id, key, request_digest, status, headers, sealed_body, made_at)"
            " VALUES (%s, %s, %s, %s, 0, '{}', '', %s) ON CONFLICT (user_id, key) DO NOTHING",
            [made.pk, user.pk, key, digest, at],
        )
        return made if cursor.rowcount == 1 else None


def _again(user: User, key: str, digest: bytes) -> HttpResponse:
    kept = KeptAnswer.objects.filter(user=user, key=key).first()
    if kept is None:  # its day ended at this moment
        raise Problem(
            409, "conflict", "The answer of this key is kept no more. Look what was done."
        )
    if not constant_time_equal(bytes(kept.request_digest), digest):
        raise Problem(
            422,
            "key_reused",
            "This key belongs to another request. Use a new one for each thing that you want done.",
        )
    return HttpResponse(
        unseal(_SEAL, bytes(kept.sealed_body), str(kept.pk)),
        status=kept.status,
        content_type="application/json",
        headers={**kept.headers, "Idempotent-Replayed": "true"},
    )


def _key_of(request: HttpRequest) -> str:
    key = request.headers.get(HEADER, "")
    if not key:
        raise Problem(
            400,
            "key_missing",
            f"Send a new {HEADER} with each thing that you want done, and the same one when you"
            " send it again.",
            errors=[FieldError(HEADER, "This header is needed.")],
        )
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        said = f"At most {LONGEST_KEY} printable ASCII characters."
        raise Problem(400, "key_missing", said, errors=[FieldError(HEADER, said)])
    return key


def _digest(request: HttpRequest, body: bytes) -> bytes:
    parts = join_parts(
        request.method or "", request.get_full_path(), request.headers.get("If-Match", ""), body
    )
    return hashlib.sha256(parts).digest()
