"""The public events: names that stay, what each tells, and which audit event it comes from.

What receivers build on stands here and in docs/howto/receive-webhooks.md, and nowhere else: of the
data of an audit event only the fields named here leave, so that a new field, or a reason that
somebody typed, never does. An event is added freely; one that is here keeps its name and its fields
for as long as `API_VERSION` is the same.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

API_VERSION: Final = "2026-11-01"
TEST: Final = "webhook.test"
"""What the button on the page of an endpoint sends; everybody gets it."""
BATCH: Final = "audit.batch"
"""What a batch of a SIEM stream is called in lists."""


@dataclass(frozen=True)
class PublicEvent:
    """An event that endpoints can ask for. `data` are the fields that go along with it."""

    name: str
    tells: str
    audited_as: str
    data: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """The first part of its name."""
        return self.name.partition(".")[0]


_REGISTRATION: Final = ("registration", "account")
EVENTS: Final = (
    PublicEvent(
        "contract.published",
        "A configuration is in force.",
        "contract.published",
        ("number", "base", "policy_epoch"),
    ),
    PublicEvent(
        "contract.change_planned",
        "The contract is to be suspended, closed, resumed, archived or deleted.",
        "contract_change.planned",
        ("to", "due_at"),
    ),
    PublicEvent("contract.suspended", "Nobody is let in.", "contract.suspended", ("to", "due_at")),
    PublicEvent("contract.resumed", "It is open again.", "contract.resumed", ("to", "due_at")),
    PublicEvent("contract.closed", "The program has ended.", "contract.closed", ("to", "due_at")),
    PublicEvent("contract.archived", "It is put away.", "contract.archived", ("to", "due_at")),
    PublicEvent(
        "contract.deleted",
        "Its data is gone for good. Told to endpoints of the whole deployment.",
        "contract.deleted",
        ("to", "due_at"),
    ),
    PublicEvent(
        "registration.submitted",
        "Somebody has entered the right numbers and their details.",
        "registration.submitted",
        ("entry", "terms"),
    ),
    PublicEvent(
        "registration.awaiting_approval",
        "A registration waits for staff.",
        "registration.awaiting_approval",
        _REGISTRATION,
    ),
    PublicEvent(
        "registration.approved", "Staff let it in.", "registration.approved", _REGISTRATION
    ),
    PublicEvent("registration.declined", "Staff did not.", "registration.declined", _REGISTRATION),
    PublicEvent(
        "registration.withdrawn",
        "The person gave it up.",
        "registration.withdrawn",
        ("registration",),
    ),
    PublicEvent("registration.completed", "It came to its end.", "registration.completed"),
    PublicEvent(
        "provider.registered",
        "A provider of the roster is registered.",
        "provider.registered",
        ("group", "account"),
    ),
    PublicEvent(
        "provider.moved", "It belongs to another group.", "provider.moved", ("group", "to")
    ),
    PublicEvent("provider.given_up", "Its group gave it up.", "provider.given_up", ("group",)),
    PublicEvent("provider.released", "Staff set it free.", "provider.released", ("group",)),
    PublicEvent(
        "provider.left_roster",
        "Its entry left the roster.",
        "provider.left_roster",
        ("suspends_at",),
    ),
    PublicEvent("account.created", "A person has an account.", "account.created"),
    PublicEvent("account.locked", "Too many wrong tries.", "account.locked", ("until",)),
    PublicEvent("account.unlocked", "The lock was taken off.", "account.unlocked"),
    PublicEvent("account.deactivated", "It is closed.", "account.deactivated"),
    PublicEvent("account.reactivated", "It is open again.", "account.reactivated"),
    PublicEvent(
        "account.registration_reset",
        "Its factors and password begin anew.",
        "account.registration_reset",
    ),
    PublicEvent("account.email_changed", "It has another address.", "account.email_changed"),
    PublicEvent("account.phone_changed", "It has another phone.", "account.phone_changed"),
    PublicEvent("account.password_changed", "It has another password.", "account.password_changed"),
)
BY_NAME: Final = MappingProxyType({event.name: event for event in EVENTS})
BY_AUDIT: Final = MappingProxyType({event.audited_as: event for event in EVENTS})
FAMILIES: Final = tuple(dict.fromkeys(event.family for event in EVENTS))
ACCOUNT: Final = "account"
"""The family whose events go to every contract that the account works in."""


def events_of(family: str) -> list[PublicEvent]:
    """Return the events of a family, in the order in which they are listed."""
    return [event for event in EVENTS if event.family == family]
