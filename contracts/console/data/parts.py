"""Which rows belong to a contract, table by table; what stays behind, and why.

Every table of ours stands in one of the two lists (tests/architecture/test_contract_data.py). What
is left out lives for minutes, is sealed under a key of the deployment, belongs to the deployment or
to a person, or is made anew from what comes along.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db.models import Field, Model, Q, QuerySet

from contracts.console.models import DailyFigures
from contracts.console.services.logos import logos_of
from contracts.registration.models import TermsAcceptance
from core.accounts.models import ContractAccess, User
from core.audit.content import EventContent
from core.audit.models import AuditEvent
from core.groups.models import (
    AccessConfirmation,
    AccessGrant,
    JoinRequest,
    Membership,
    Office,
    Provider,
    ProviderGroup,
    RecoveryRequest,
    ReviewNotice,
    ReviewStart,
    SuspendedRole,
)
from tenants.database_router import contract_labels
from tenants.models import ContractChange, ContractNotice, ContractRevision, Host, LogoImage

RowsOf = Callable[[UUID], Q]


@dataclass(frozen=True)
class Part:
    """A table with rows of a contract. `rows` None: those that rows of the other parts name."""

    model: type[Model]
    rows: RowsOf | None
    fields: Sequence[str] = ()
    """The columns that come along; empty: all."""
    is_everybodys: bool = False
    """Whether a row may be there already where it is restored, and is the same there."""

    @property
    def label(self) -> str:
        """The table's name, as files and lists have it."""
        return self.model._meta.label_lower

    def columns(self) -> list[str]:
        """Return the names of the columns that come along, in the table's order."""
        given = self.model._meta.concrete_fields
        return [str(one.column) for one in given if not self.fields or one.name in self.fields]


def _by(lookup: str) -> RowsOf:
    return lambda contract_id: Q(**{lookup: contract_id})


def _memberships(contract_id: UUID) -> Q:
    """Roles at its providers, for their groups, and for the offices that work for them."""
    return (
        Q(provider__contract=contract_id)
        | Q(group__providers__contract=contract_id)
        | Q(group__office__access_grants__provider__contract=contract_id)
    )


_OF_A_PERSON: Final = (
    *("id", "username", "email", "first_name", "last_name", "phone", "fax"),
    *("address_1", "address_2", "city", "state", "zip", "is_active", "deactivated_at"),
    *("deactivation", "created_at", "last_used_at"),
)
"""What is known of somebody, without anything that a sign-in is proven by."""
_OF_AN_EVENT: Final = EventContent._fields
"""What it says. By what it is proven to belong to a chain is worth nothing elsewhere."""
SHARED: Final = (
    Part(ContractRevision, _by("contract")),
    # Not where it leads: that is found out anew.
    Part(Host, _by("tenant"), ("id", "tenant", "domain", "kind", "is_primary")),
    Part(ContractChange, _by("contract")),
    Part(ContractNotice, _by("contract")),
    Part(LogoImage, lambda contract_id: Q(digest__in=logos_of(contract_id)), is_everybodys=True),
    Part(User, None, _OF_A_PERSON),
    Part(ContractAccess, _by("contract")),
    Part(ProviderGroup, None),
    Part(Office, None),
    Part(Provider, _by("contract")),
    Part(AccessGrant, _by("provider__contract")),
    Part(Membership, _memberships),
    Part(ReviewStart, _by("contract")),
    Part(AccessConfirmation, _by("contract")),
    Part(ReviewNotice, _by("contract")),
    Part(SuspendedRole, _by("contract")),
    Part(JoinRequest, _by("provider__contract")),
    Part(RecoveryRequest, _by("provider__contract")),
    Part(TermsAcceptance, _by("contract")),
    Part(DailyFigures, _by("contract")),
    Part(AuditEvent, _by("contract_id"), _OF_AN_EVENT),
)
_MINUTES = "lives for minutes or days, and is asked for anew"
_SEALED = "proves who somebody is, sealed under this deployment's keys"
_DEPLOYMENT = "belongs to the deployment"
_REBUILT = "is made anew from what comes along"
_SEALER = "is made anew by the sealer, with this deployment's keys"
LEFT_OUT: Final[Mapping[str, str]] = {
    "tenants.contract": "stands in the manifest",
    "tenants.deploymentrevision": _DEPLOYMENT,
    "tenants.registryepoch": _DEPLOYMENT,
    "tenants.schematext": _DEPLOYMENT,
    "tenants_identity.schemaidentity": _REBUILT,
    "contracts_directory.fingerprint": _REBUILT,
    "core_audit.auditseal": _SEALER,
    "core_audit.sealing": _SEALER,
    "core_audit.adoption": _SEALER,
    "core_webhooks.webhookendpoint": "is signed with a secret, sealed under this deployment's keys",
    "core_webhooks.webhookdelivery": _MINUTES,
    "core_webhooks.webhookattempt": _MINUTES,
    "contracts_directory.indexedrule": _REBUILT,
    "core_accounts.importedaccount": _REBUILT,
    "core_accounts.addressfailures": _MINUTES,
    "core_accounts.limitcount": _MINUTES,
    "core_accounts.inactivitywarning": _MINUTES,
    "core_accounts.session": _MINUTES,
    "core_accounts.typedform": _MINUTES,
    "core_mfa.factor": _SEALED,
    "core_mfa.totp": _SEALED,
    "core_mfa.totpenrolment": _MINUTES,
    "core_mfa.passkey": _SEALED,
    "core_mfa.passkeyceremony": _MINUTES,
    "core_mfa.recoverycode": _SEALED,
    "core_mfa.rememberedbrowser": _SEALED,
    "core_mfa.challenge": _MINUTES,
    "core_mfa.attemptcount": _MINUTES,
    "core_mfa.contactchange": _MINUTES,
    "core_mfa.helprequest": _SEALED,
    "core_mfa.registrationlink": _MINUTES,
    "core_mfa.mfaregistration": _MINUTES,
    "core_mfa.passwordreset": _MINUTES,
    "core_staff.staffelevation": _MINUTES,
    "core_staff.staffmember": _DEPLOYMENT,
    "core_staff.staffinvitation": _DEPLOYMENT,
    "core_staff.staffidentity": _DEPLOYMENT,
    "core_staff.serviceaccount": _DEPLOYMENT,
    "core_staff.apitoken": _SEALED,
    "core_groups.invitation": _MINUTES,
    "core_groups.invitation_providers": _MINUTES,
    "core_groups.invitationbatch": _MINUTES,
    "core_groups.batchrow": _MINUTES,
    "core_groups.officeregistration": _MINUTES,
    "core_groups.weeklymail": "is a person's own setting",
    "core_groups.weeklymailmade": _MINUTES,
    "core_notifications.outboxmessage": _MINUTES,
    "core_notifications.callanswer": _MINUTES,
    "core_notifications.callwatch": _MINUTES,
    "core_notifications.channelhealth": _DEPLOYMENT,
    "core_notifications.sendercheck": _DEPLOYMENT,
    "core_notifications.channeluse": _DEPLOYMENT,
    "core_notifications.suppressedaddress": _DEPLOYMENT,
    "core_notifications.localmessage": _DEPLOYMENT,
    "contracts_registration.pendingregistration": _MINUTES,
    "contracts_disputes.dispute": _SEALED,
    "contracts_registration.approval": _MINUTES,
    "contracts_registration.journey": _MINUTES,
    "contracts_registration.joinoffer": _MINUTES,
    "contracts_roster.rosterupload": _MINUTES,
    "contracts_roster.uploadpart": _MINUTES,
    "contracts_roster.rosterrejection": _MINUTES,
    "contracts_roster.rosterchange": _MINUTES,
    "contracts_roster.stagedcode": _MINUTES,
    "contracts_console.golivetick": _DEPLOYMENT,
    "contracts_console.hostcheck": _DEPLOYMENT,
    "contracts_console.dataexport": _MINUTES,
    "contracts_console.dataexportpiece": _MINUTES,
    "contracts_api.keptanswer": _MINUTES,
    "contracts_console.draft": "is its author's own",
    "contracts_console.previewlink": _MINUTES,
    "contracts_console.plannedpublication": _MINUTES,
    "core_staff.requestinhand": _MINUTES,
    "core_staff.requestletter": _SEALED,
    "tenants.scheduledtask": _DEPLOYMENT,
    "tenants.provisioningrun": _DEPLOYMENT,
    "tenants.provisioningstep": _DEPLOYMENT,
}


def own_parts() -> list[Part]:
    """Return the tables of a contract's own schema that come along."""
    labels = contract_labels()
    return [
        Part(model, lambda _contract_id: Q())
        for model in apps.get_models()
        if model._meta.app_label in labels and model._meta.label_lower not in LEFT_OUT
    ]


def all_parts() -> list[Part]:
    """Return every table that comes along, named ones before those that name them."""
    left, ordered = [*SHARED, *own_parts()], list[Part]()
    while left:
        waiting = {part.model for part in left}
        ready = [part for part in left if not _named_by(part) & (waiting - {part.model})]
        ordered += ready
        left = [part for part in left if part not in ready]
    return ordered


def rows_of(part: Part, contract_id: UUID) -> QuerySet[Any, Any]:
    """Return a part's rows, by key. Called with the contract in hand."""
    found: QuerySet[Any, Any] = part.model.objects.all()  # type: ignore[attr-defined]
    if part.rows is not None:
        return found.filter(part.rows(contract_id)).distinct().order_by("pk")
    named = Q()
    for other in SHARED:
        for field in _keys(other.model):
            if field.related_model is part.model:
                named |= Q(pk__in=rows_of(other, contract_id).order_by().values(field.name))
    return found.filter(named).order_by("pk")


def _named_by(part: Part) -> set[Any]:
    return {field.related_model for field in _keys(part.model)}


def _keys(model: type[Model]) -> "list[Field[Any, Any]]":
    return [one for one in model._meta.concrete_fields if one.is_relation]
