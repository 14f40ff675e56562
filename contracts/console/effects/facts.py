"""What a publication would do besides changing fields. Plain values, for pages and pipelines."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Names = Sequence[str]


@dataclass(frozen=True)
class PeopleEffects:
    """What becomes of the accounts that work in the contract.

    A password is looked at when it is chosen, so no publication makes anybody change theirs.
    """

    accounts: int = 0
    """Active accounts with access to the contract."""
    rules_change_for: int = 0
    """Those for whom the rule that counts becomes another: the strictest of their contracts."""
    sessions_end: int = 0
    """Sign-ins that go on now and end with the next page."""
    browsers_forgotten: int = 0
    """Remembered browsers that have to sign in again."""
    enrol_again: int = 0
    """Accounts whose factors are accepted now and none of them afterwards."""
    close_for_disuse: int = 0
    """Accounts that were not used for so long that the next daily run closes them."""
    grants_end: int = 0
    """Third parties' access to providers that ends."""
    registrations_go_on: int = 0
    """Registrations under way: they and their links stay as they began."""


@dataclass(frozen=True)
class Unmatched:
    """A roster entry that can be registered now and not afterwards."""

    name: str
    identifier: str


@dataclass(frozen=True)
class RosterEffects:
    """What becomes of the entries on the present roster."""

    unmatched: int = 0
    """Entries that can be registered under the present rule and not under the other one."""
    examples: Sequence[Unmatched] = ()
    """The first of them by name: for those who may see the roster."""
    need_code: int = 0
    """Entries that could register without an issued code, and need one that they do not have."""
    keys_change: int = 0
    """Entries that the next roster file brings as new ones, because another unit registers."""


@dataclass(frozen=True)
class Effects:
    """Everything that a publication touches."""

    people: PeopleEffects = PeopleEffects()
    roster: RosterEffects = RosterEffects()
    hosts_end: Names = ()
    """Hosts that answer for the contract now and not afterwards."""
    waivers_new: Names = ()
    waivers_over: Names = ()
    is_known: bool = field(default=True)
    """Whether there was anything to look at: a contract that is not ready touches nobody."""

    def as_facts(self) -> dict[str, Any]:
        """Return the numbers as a program reads them; examples are for people alone."""
        people, roster = self.people, self.roster
        return {
            "accounts": people.accounts,
            "accounts_under_other_rules": people.rules_change_for,
            "accounts_change_password": 0,
            "sign_ins_end": people.sessions_end,
            "browsers_forgotten": people.browsers_forgotten,
            "accounts_enrol_again": people.enrol_again,
            "accounts_close_for_disuse": people.close_for_disuse,
            "third_parties_end": people.grants_end,
            "registrations_go_on": people.registrations_go_on,
            "roster_entries_unmatched": roster.unmatched,
            "roster_entries_need_code": roster.need_code,
            "roster_entries_get_new_keys": roster.keys_change,
            "hosts_end": list(self.hosts_end),
            "waivers_new": list(self.waivers_new),
            "waivers_over": list(self.waivers_over),
        }
