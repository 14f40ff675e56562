"""Callers of the API for tests: a token of a member of staff, and calls by it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.test import Client, TestCase

from core.accounts.models import User
from core.common import clock
from core.common.problem_codes import CODES
from core.staff.api_rights import rights_of
from core.staff.models import StaffRole
from core.staff.permissions import StaffPermission
from core.staff.scope import find_staff
from core.staff.services.api_tokens import TokenWish, make_token
from tenants.context import ActiveContract
from tests.support.staff import make_staff

ROOT = "/api/v1"


@dataclass(frozen=True)
class Caller:
    """Somebody who calls the API with a token."""

    token: str
    user: User
    client: Client = field(default_factory=Client)

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, headers=headers)

    def post(
        self, path: str, body: object = None, *, key: str | None = None, **headers: str
    ) -> Any:
        return self.write("POST", path, body, key=key, headers=headers)

    def put(self, path: str, body: object, *, key: str | None = None, **headers: str) -> Any:
        return self.write("PUT", path, body, key=key, headers=headers)

    def write(
        self, method: str, path: str, body: object, *, key: str | None, headers: Mapping[str, str]
    ) -> Any:
        """Send a write, with a key of its own unless one is given ("" sends none)."""
        chosen = str(uuid4()) if key is None else key
        keyed = {"Idempotency-Key": chosen} if chosen else {}
        return self.call(method, path, body, headers={**keyed, **headers})

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Any:
        """Send a call, with a body as JSON where there is one; headers named as in `If_Match`."""
        named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        with TestCase.captureOnCommitCallbacks(execute=True):  # what workers are told
            return self.client.generic(
                method,
                f"{ROOT}{path}",
                b"" if body is None else _json(body),
                content_type=content_type if body is not None else "",
                headers={"Authorization": f"Bearer {self.token}", **named},
            )


def caller(
    role: StaffRole = StaffRole.OPERATOR,
    contract: ActiveContract | None = None,
    *,
    name: str = "olive",
    rights: tuple[StaffPermission, ...] | None = None,
    only: tuple[ActiveContract, ...] | None = None,
) -> Caller:
    """Return somebody with a role and a token with all its rights, or some, in some contracts."""
    user = make_staff(role, contract, name=name)
    return caller_for(user, rights=rights, only=only)


def caller_for(
    user: User,
    *,
    rights: tuple[StaffPermission, ...] | None = None,
    only: tuple[ActiveContract, ...] | None = None,
) -> Caller:
    """Return a caller with a new token of somebody of staff."""
    staff = find_staff(user, at=clock.now())
    assert staff is not None
    wish = TokenWish(
        name="test",
        permissions=rights if rights is not None else tuple(rights_of(staff)),
        contracts=tuple(one.id for one in only) if only is not None else None,
        days=30,
    )
    made = make_token(holder=staff, wish=wish, by=staff, at=clock.now())
    return Caller(made.text, user)


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """See that an answer is a problem of this kind; returns it."""
    assert answer.status_code == status, answer.content[:500]
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert (problem["code"], problem["status"]) == (code, status), problem
    assert (CODES[code].status, CODES[code].title) == (status, problem["title"])  # as is explained
    return problem


def _json(body: object) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()
