"""Who works for the deployment and its states, and where they come from.

Documents name roles, permissions and issuers; nobody's name and no secret stand in them.
"""

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from tenants.configuration.values import HostName, Line, Section, Slug, WholeNumber

StaffPermission = Literal[
    "contracts.view",
    "contracts.configure",
    "contracts.publish",
    "contracts.provision",
    "notices.publish",
    "deployment.view",
    "deployment.publish",
    "roster.view",
    "roster.import",
    "codes.issue",
    "registrations.view",
    "registrations.decide",
    "users.view",
    "users.unlock",
    "users.resend",
    "users.reset",
    "users.deactivate",
    "staff.view",
    "staff.manage",
    "outbox.view",
    "operations.view",
    "operations.act",
    "reports.view",
    "audit.view",
    "webhooks.view",
    "webhooks.manage",
]
StaffRoleName = Literal["operator", "contract_admin", "help_desk", "auditor"]
READING: Final = ".view"
"""How the permissions end that change nothing."""

_ISSUER = re.compile(
    r"(https://[a-z0-9.-]{1,253}|http://localhost)(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]{0,200})?"
)
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,63}")


def _issuer(value: str) -> str:
    if not _ISSUER.fullmatch(value):
        raise ValueError(
            "An issuer is an https:// address without query, as the provider's "
            "/.well-known/openid-configuration names it."
        )
    return value


def _variable(value: str) -> str:
    # The value is not repeated: it may be the secret itself.
    if not _VARIABLE.fullmatch(value):
        raise ValueError(
            "Write the name of the environment variable that holds the secret, such as "
            "STAFF_LOGIN_SECRET: capitals, digits and underscores. The secret itself never "
            "stands in a document."
        )
    return value


Issuer = Annotated[str, AfterValidator(_issuer)]
"""The identity provider as it names itself in its tokens; compared letter by letter."""
VariableName = Annotated[str, AfterValidator(_variable)]


class StaffRole(Section):
    """What the holders of one role may do."""

    permissions: tuple[StaffPermission, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.permissions)) != len(self.permissions):
            raise ValueError("A permission is listed twice.")
        return self


class StaffRolesSection(Section):
    """The four roles as sets of permissions. A contract admin holds them in named contracts."""

    operator: StaffRole = StaffRole(
        permissions=(
            "contracts.view",
            "contracts.configure",
            "contracts.publish",
            "contracts.provision",
            "notices.publish",
            "deployment.view",
            "deployment.publish",
            "roster.view",
            "roster.import",
            "codes.issue",
            "registrations.view",
            "registrations.decide",
            "users.view",
            "users.deactivate",
            "staff.view",
            "staff.manage",
            "outbox.view",
            "operations.view",
            "operations.act",
            "reports.view",
            "webhooks.view",
            "webhooks.manage",
        )
    )
    """Provisions and configures contracts for the company that runs the deployment."""
    contract_admin: StaffRole = StaffRole(
        permissions=(
            "contracts.view",
            "contracts.configure",
            "notices.publish",
            "roster.view",
            "roster.import",
            "codes.issue",
            "registrations.view",
            "registrations.decide",
            "users.view",
            "users.unlock",
            "users.resend",
            "users.reset",
            "users.deactivate",
            "reports.view",
            "webhooks.view",
            "webhooks.manage",
        )
    )
    """Runs one contract for the state: contacts, brand, roster, notices, users in difficulty."""
    help_desk: StaffRole = StaffRole(
        permissions=(
            "contracts.view",
            "registrations.view",
            "users.view",
            "users.unlock",
            "users.resend",
            "users.reset",
            "outbox.view",
        )
    )
    """Unlocks, resends and carries out reset requests, with a reason each time."""
    auditor: StaffRole = StaffRole(
        permissions=(
            "contracts.view",
            "deployment.view",
            "roster.view",
            "registrations.view",
            "users.view",
            "staff.view",
            "outbox.view",
            "operations.view",
            "reports.view",
            "audit.view",
            "webhooks.view",
        )
    )
    """Reads everything and changes nothing: every permission ends in .view."""

    @model_validator(mode="after")
    def _auditors_change_nothing(self) -> Self:
        changing = [name for name in self.auditor.permissions if not name.endswith(READING)]
        if changing:
            raise ValueError(f"An auditor changes nothing; take away {', '.join(changing)}.")
        return self


class ElevationSection(Section):
    """Rights of staff that nobody holds all day: asked for with a reason, for a limited time."""

    minutes: Annotated[WholeNumber, Field(ge=5, le=240)] = 30
    """How long they are held before they have to be asked for again."""
    permissions: tuple[StaffPermission, ...] = (
        "contracts.publish",
        "contracts.provision",
        "deployment.publish",
        "staff.manage",
        "users.deactivate",
    )
    """Which permissions these are; none: whoever's role holds one has it all day."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.permissions)) != len(self.permissions):
            raise ValueError("A permission is listed twice.")
        return self


class RoleMapping(Section):
    """Who carries this value of a claim holds this role."""

    claim: Line
    """The name of the claim in the identity provider's token, such as groups."""
    value: Line
    role: StaffRoleName
    contracts: tuple[Slug, ...] = ()
    """Where a contract admin holds the role; for help desk and auditors empty means everywhere."""

    @model_validator(mode="after")
    def _contracts_suit_the_role(self) -> Self:
        if self.role == "contract_admin" and not self.contracts:
            raise ValueError("A contract admin needs contracts: list their slugs.")
        if self.role == "operator" and self.contracts:
            raise ValueError("An operator works for the whole deployment; leave contracts out.")
        return self


class IdentityProvider(Section):
    """An OpenID Connect provider through which staff sign in."""

    name: Line
    """What the button on the employees' side says."""
    issuer: Issuer
    client_id: Line
    secret_variable: VariableName
    """The environment variable that holds the client's secret; the secret is never written here."""
    allowed_domains: tuple[HostName, ...] = Field(min_length=1)
    """Domains of the e-mail addresses that are let in; everybody else is refused."""
    contracts: tuple[Slug, ...] = ()
    """A state's own provider: the contracts that it signs people into, and no others. Each of them
    names the issuer in `staff.issuers`. Empty: the company's own."""
    trust_hours: Annotated[WholeNumber, Field(ge=12, le=168)] = 24
    """How long after a sign-in through it the roles that it gave count where it is not asked: for
    API tokens, and beside a password. Then they sleep until the next sign-in through it: what ends
    there ends here in that time."""
    role_mappings: tuple[RoleMapping, ...] = ()
    """Without one nobody holds a role through this provider."""

    @model_validator(mode="after")
    def _a_states_own_stays_inside(self) -> Self:
        if not self.contracts:
            return self
        if any(mapping.role == "operator" for mapping in self.role_mappings):
            raise ValueError("A state's own provider makes no operators.")
        if any(not set(item.contracts) <= set(self.contracts) for item in self.role_mappings):
            raise ValueError("A role is mapped to a contract that is not among `contracts`.")
        return self

    @model_validator(mode="after")
    def _mapped_once(self) -> Self:
        keys = [(item.claim, item.value, item.role) for item in self.role_mappings]
        if len(set(keys)) != len(keys):
            raise ValueError("The same claim, value and role is mapped twice.")
        return self


class ContractStaffSection(Section):
    """Where the contract's own staff come from."""

    issuers: tuple[Issuer, ...] = ()
    """Identity providers, by issuer, whose people may be staff of this contract for its state; the
    deployment's document describes each. Empty: none."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.issuers)) != len(self.issuers):
            raise ValueError("An issuer is listed twice.")
        return self
