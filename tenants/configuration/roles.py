"""The roles that a contract adds for the users of its providers, as named sets of permissions."""

import re
from collections.abc import Sequence
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from tenants.configuration.values import Line, Section, YesNo

DOCUMENTED_ROLES: Final = {
    "staff": "Provider Staff Account",
    "provider_admin": "Provider Admin",
    "group_admin": "Provider Group Admin",
}
"""The three roles of the source documents by key: always there, with fixed permissions."""

GroupPermission = Literal[
    "users.view",
    "users.export",
    "users.invite",
    "roles.manage",
    "accounts.manage",
    "requests.decide",
    "access.review",
    "third_parties.manage",
    "activity.view",
]
"""What a role of the contract may hold; docs/words.md says what each means."""

THIRD_PARTY_PERMISSIONS: Final[frozenset[str]] = frozenset({"users.view", "activity.view"})
"""What a third party may hold: to read. Each other one makes rights that would outlive its access,
or takes the list of users away (docs/adr/0026)."""

_KEY = re.compile(r"[a-z][a-z0-9_]{2,19}")


def _key(value: str) -> str:
    if not _KEY.fullmatch(value):
        raise ValueError(
            "A key has 3 to 20 lower-case letters, digits and underscores, and begins with a "
            "letter: read_only."
        )
    if value in DOCUMENTED_ROLES:
        raise ValueError("This key is one of the three documented roles, which are always there.")
    return value


class GroupRole(Section):
    """One role at single providers of the contract."""

    key: Annotated[str, AfterValidator(_key)]
    """What memberships keep. A key that is taken out of the document leaves who holds it with the
    right to see the provider, and nothing else."""
    name: Line
    """What pages and mails call the role."""
    sentence: Line
    """What the role means, where it is chosen."""
    permissions: tuple[GroupPermission, ...] = Field(min_length=1)
    """Whoever holds any of them sees Setup, and so holds `users.view` as well."""
    third_parties: YesNo = False
    """Whether a provider may give it to an office, where `groups.third_parties` lets in any."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.permissions)) != len(self.permissions):
            raise ValueError("A permission is listed twice.")
        return self

    @model_validator(mode="after")
    def _third_parties_read(self) -> Self:
        more = sorted(set(self.permissions) - THIRD_PARTY_PERMISSIONS)
        if self.third_parties and more:
            raise ValueError(
                f"A role for third parties only reads: it cannot hold {', '.join(more)}."
            )
        return self


def check_distinct(roles: Sequence[GroupRole]) -> None:
    """Make sure that people can tell the roles apart. Raises ValueError."""
    if len({role.key for role in roles}) != len(roles):
        raise ValueError("Two roles have the same key.")
    names = [*DOCUMENTED_ROLES.values(), *(role.name for role in roles)]
    if len({name.lower() for name in names}) != len(names):
        raise ValueError("Two roles have the same name; the three documented ones count as well.")
