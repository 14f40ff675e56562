"""What each call of the API asks of a token and its holder, and what it answers.

A row says which right the call needs, and which besides, with what is answered without them; what
somebody is answered who may; and what somebody out of whose reach the thing lies. An answer is the
code of the problem, or OK. Writes are sent without an Idempotency-Key: whoever may is asked for it,
and nothing is done; every refusal comes before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.staff.permissions import StaffPermission as P
from tenants import registry
from tests.unit.configuration.documents import changed

Answer = str
OK, FORBIDDEN, NOWHERE = "ok", "right_missing", "not_found"
ASKED_FOR_KEY = "key_missing"
SLUG = "wv-bh"
Body = Mapping[str, object] | Callable[[], Mapping[str, object]] | None


@dataclass(frozen=True)
class Row:
    """One call. `lists`: out of reach the answer is a list without the thing, not a refusal.

    `seen_by`: without this right the thing is out of reach, whatever else is held there.
    """

    right: P | None
    answer: Answer = OK
    body: Body = None
    seen_by: P | None = None
    besides: Mapping[P, Answer] = field(default_factory=dict)
    outside: Answer = NOWHERE
    lists: bool = False
    query: str = ""

    @property
    def needs(self) -> list[P]:
        return [one for one in (self.right, self.seen_by, *self.besides) if one is not None]


def write(right: P, body: Body = None, **more: Any) -> Row:
    return Row(right, **{"answer": ASKED_FOR_KEY, "body": body, **more})


def listed(right: P, query: str = "") -> Row:
    return Row(right, outside=OK, lists=True, query=query)


def _seen(rows: Mapping[str, Row], right: P) -> dict[str, Row]:
    """Return rows of calls about things that another right shows."""
    return {
        name: row if row.right is right else replace(row, seen_by=right)
        for name, row in rows.items()
    }


def _act(right: P, answer: Answer = ASKED_FOR_KEY) -> Row:
    """Return the row of an act on an account, which the token may see as well."""
    return write(right, REASON, answer=answer, besides={P.USERS_VIEW: FORBIDDEN})


def _document() -> dict[str, Any]:
    return registry.get_contract(SLUG).document.model_dump(mode="json")


def _new_document() -> dict[str, Any]:
    present = registry.get_contract(SLUG).document
    return changed(present, contract__slug="not-yet").model_dump(mode="json")


REASON = {"reason": "Ticket 7"}
MEANT = {**REASON, "standing": "open"}
HOOK = {"name": "Probe", "address": "https://hooks.example/", "events": ["contract.closed"]}
FOUND_BY = {"by": "username", "value": "nobody", "contract": SLUG, **REASON}
SWAP = {**REASON, "added": 0, "changed": 0, "removed": 0}

_OF_CONTRACTS = {
    "contract GET": Row(P.CONTRACTS_VIEW),
    "configuration GET": Row(P.CONTRACTS_VIEW),
    "configuration PUT": write(P.CONTRACTS_CONFIGURE, lambda: {"document": _document(), **REASON}),
    "rollback POST": write(P.CONTRACTS_PUBLISH, {"revision": 1, **REASON}),
    "revisions GET": Row(P.CONTRACTS_VIEW),
    "revision GET": Row(P.CONTRACTS_VIEW),
    "publications GET": Row(P.CONTRACTS_VIEW),
    "publication GET": Row(P.CONTRACTS_VIEW),
    # Somebody else's: only who publishes there takes it back
    "withdrawal POST": write(P.CONTRACTS_CONFIGURE, besides={P.CONTRACTS_PUBLISH: NOWHERE}),
    "providers GET": Row(P.REGISTRATIONS_VIEW),
    "provider GET": Row(P.REGISTRATIONS_VIEW),
    "entries GET": Row(P.ROSTER_VIEW),
    "entry GET": Row(P.ROSTER_VIEW),
    "roster_template GET": Row(P.ROSTER_VIEW),
    "uploads GET": Row(P.ROSTER_VIEW),
    "uploads POST": write(P.ROSTER_IMPORT, {"file_name": "june.csv", "size": 9}),
    "upload GET": Row(P.ROSTER_VIEW),
    # Once the file is found, its chunk is looked at
    "upload_content PATCH": write(P.ROSTER_IMPORT, answer="content_type"),
    "upload_rejections GET": Row(P.ROSTER_VIEW),
    "upload_changes GET": Row(P.ROSTER_VIEW),
    "upload_swap POST": write(P.ROSTER_IMPORT, SWAP),
    "upload_cancel POST": write(P.ROSTER_IMPORT),
    "codes POST": write(P.CODES_ISSUE, {**MEANT, "form": "sheet"}),
    "codes_revocation POST": write(P.CODES_ISSUE, MEANT),
    "reminders POST": write(P.CODES_ISSUE, {**MEANT, "form": "sheet"}),
    "mailings GET": Row(P.ROSTER_VIEW),
    "mailing GET": Row(P.ROSTER_VIEW),
    # One's own alone: the one of the tests is whose turn it is
    "mailing_take POST": write(P.CODES_ISSUE),
}
_OF_WEBHOOKS = {
    "webhook GET": Row(P.WEBHOOKS_VIEW),
    "webhook PUT": write(P.WEBHOOKS_MANAGE, HOOK),
    "webhook_rotate POST": write(P.WEBHOOKS_MANAGE, {}),
    "webhook_pause POST": write(P.WEBHOOKS_MANAGE, REASON),
    "webhook_resume POST": write(P.WEBHOOKS_MANAGE),
    "webhook_test POST": write(P.WEBHOOKS_MANAGE),
    "webhook_replay POST": write(P.WEBHOOKS_MANAGE, {**REASON, "since": "2026-11-23T00:00:00Z"}),
    "webhook_delete POST": write(P.WEBHOOKS_MANAGE, REASON),
    "deliveries GET": Row(P.WEBHOOKS_VIEW),
    "delivery GET": Row(P.WEBHOOKS_VIEW),
    "delivery_replay POST": write(P.WEBHOOKS_MANAGE, REASON),
}
TABLE: dict[str, Row] = {
    "token GET": Row(None, outside=OK),
    "events GET": listed(P.AUDIT_VIEW, "?what=probe"),
    "event GET": Row(P.AUDIT_VIEW),
    "contracts GET": listed(P.CONTRACTS_VIEW),
    # A new contract takes both rights in the whole deployment
    "contracts POST": write(
        P.CONTRACTS_PROVISION,
        lambda: {"document": _new_document(), **REASON},
        besides={P.CONTRACTS_PUBLISH: FORBIDDEN},
        outside=FORBIDDEN,
    ),
    "plans POST": Row(
        P.CONTRACTS_CONFIGURE,
        body=lambda: {"document": _document()},
        seen_by=P.CONTRACTS_VIEW,
    ),
    **_seen(_OF_CONTRACTS, P.CONTRACTS_VIEW),
    "webhooks GET": listed(P.WEBHOOKS_VIEW),
    "webhooks POST": write(
        P.WEBHOOKS_MANAGE,
        {**HOOK, "contract": SLUG},
        seen_by=P.WEBHOOKS_VIEW,
        outside="contract_unknown",
    ),
    **_seen(_OF_WEBHOOKS, P.WEBHOOKS_VIEW),
    "groups GET": listed(P.REGISTRATIONS_VIEW),
    "group GET": Row(P.REGISTRATIONS_VIEW),
    "group_providers GET": Row(P.REGISTRATIONS_VIEW),
    "group_members GET": Row(P.REGISTRATIONS_VIEW),
    "look_up POST": Row(P.USERS_VIEW, body=FOUND_BY),
    # By a reason first, within the last half hour
    "account GET": Row(P.USERS_VIEW, "look_up_first"),
    "account_unlock POST": _act(P.USERS_UNLOCK),
    "account_resend POST": _act(P.USERS_RESEND),
    "account_new_password POST": _act(P.USERS_RESEND),
    "account_reset_registration POST": _act(P.USERS_RESET),
    # For somebody with contracts that one does not reach: the one of the tests has none
    "account_ask_for_reset POST": _act(P.USERS_RESET, FORBIDDEN),
    "account_deactivate POST": _act(P.USERS_DEACTIVATE),
    "account_reactivate POST": _act(P.USERS_UNLOCK),
    "account_reopen POST": _act(P.USERS_DEACTIVATE),
}
