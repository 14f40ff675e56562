"""What a publication does to the accounts that work in the contract.

The strictest rule of an account's contracts counts, so accounts are told apart by the set of their
contracts: there are few such sets, however many accounts.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, Value

from contracts.console.effects.facts import PeopleEffects
from contracts.registration.models import PendingRegistration
from contracts.registration.states import OPEN
from core.accounts.models import Session, User
from core.accounts.policies import STAFF
from core.groups.selectors import administering
from core.groups.services.grant_ends import list_grants_not_open
from core.mfa.models import STRONGER, Factor, FactorKind, Passkey, RecoveryCode, RememberedBrowser
from tenants import registry
from tenants.configuration.document import ContractDocument
from tenants.configuration.merge import (
    MergedPolicy,
    policy_fields,
    stricter_fields,
    strictest,
    value_of,
)
from tenants.configuration.policy import PolicySections
from tenants.context import ActiveContract

_PEOPLE: Final = """
SELECT u.is_staff_member,
  ARRAY(SELECT other.contract_id FROM core_accounts_contractaccess AS other
    WHERE other.user_id = u.id AND other.until IS NULL ORDER BY 1) AS contracts,
  coalesce(u.last_used_at, u.created_at) AS used
FROM core_accounts_user AS u JOIN core_accounts_contractaccess AS a ON a.user_id = u.id
WHERE a.contract_id = %s AND a.until IS NULL AND u.is_active
"""
_SETS: Final = f"SELECT contracts, is_staff_member, count(*) FROM ({_PEOPLE}) AS p GROUP BY 1, 2"  # noqa: S608
_CLOSING: Final = f"""
SELECT count(*) FROM ({_PEOPLE}) AS p JOIN
  jsonb_to_recordset(%s::jsonb) AS due (contracts uuid[], staff boolean,
    not_yet timestamptz, due_then timestamptz)
  ON due.contracts = p.contracts AND due.staff = p.is_staff_member
WHERE p.used >= due.not_yet AND p.used < due.due_then
"""  # noqa: S608
_FIELD: Final = "accounts.inactivity_days"


@dataclass(frozen=True)
class _Set:
    """Accounts that work in the same contracts, and their policy before and after."""

    contracts: list[UUID]
    is_staff: bool
    accounts: int
    before: MergedPolicy
    after: MergedPolicy

    @property
    def changes(self) -> bool:
        return any(
            value_of(self.before, field) != value_of(self.after, field) for field in policy_fields()
        )


def people_effects(
    contract: ActiveContract, after: ContractDocument, *, at: datetime
) -> PeopleEffects:
    """Return what publishing a document does to the people of its contract."""
    sets = list(_sets_of(contract, after))
    ends = bool(stricter_fields(contract.document, after))
    grants = list_grants_not_open(contract_id=contract.id, groups=after.groups)
    pending = PendingRegistration.objects.filter(contract_id=contract.id, state__in=OPEN)
    return PeopleEffects(
        accounts=sum(one.accounts for one in sets),
        rules_change_for=sum(one.accounts for one in sets if one.changes),
        sessions_end=_sign_ins(contract, at).count() if ends else 0,
        browsers_forgotten=_browsers(contract, at).count() if ends else 0,
        enrol_again=_enrol_again(contract, after),
        close_for_disuse=_closing(contract, after, sets, at),
        grants_end=grants.filter(ended_at__isnull=True).count(),
        registrations_go_on=pending.filter(reserved_until__gt=at).count(),
    )


def _sets_of(contract: ActiveContract, after: ContractDocument) -> Iterator[_Set]:
    known = {one.id: one for one in registry.list_contracts()}
    with connection.cursor() as cursor:
        cursor.execute(_SETS, [contract.id])
        rows = cursor.fetchall()
    for keys, is_staff, accounts in rows:
        before: dict[str, PolicySections] = {
            known[key].slug: known[key].document for key in keys if key in known
        }
        if is_staff:
            before[STAFF] = registry.get_deployment().staff
        later = {**before, contract.slug: after}
        yield _Set(keys, is_staff, accounts, strictest(before), strictest(later))


def _sign_ins(contract: ActiveContract, at: datetime) -> QuerySet[Session]:
    return Session.objects.filter(
        account__contract_access__contract=contract.id,
        account__contract_access__until__isnull=True,
        sign_in__isnull=False,
        expire_date__gt=at,
    )


def _browsers(contract: ActiveContract, at: datetime) -> QuerySet[RememberedBrowser]:
    return RememberedBrowser.objects.filter(
        policy_epochs__has_key=str(contract.id), revoked_at__isnull=True, expires_at__gt=at
    )


def _enrol_again(contract: ActiveContract, after: ContractDocument) -> int:
    """Count the accounts that have a factor which is accepted now, and none that is afterwards."""
    before = contract.document
    same = [
        set(before.mfa.accepted_of(admin=admin)) <= set(after.mfa.accepted_of(admin=admin))
        for admin in (False, True)
    ]
    if all(same):
        return 0
    people = User.objects.filter(
        contract_access__contract=contract.id,
        contract_access__until__isnull=True,
        is_active=True,
    )
    asks_more = before.mfa.admin_methods or after.mfa.admin_methods
    is_admin = administering(contract.id) if asks_more else Value(value=False)
    people = people.annotate(administers=is_admin)
    return people.filter(_accepted(before)).exclude(_accepted(after)).count()


def _accepted(document: ContractDocument) -> Q:
    """Return who can prove a factor that a document accepts of them (`stepping_up.find_ask`)."""
    return Q(administers=True) & _can_prove(document.mfa.accepted_of(admin=True)) | Q(
        administers=False
    ) & _can_prove(document.mfa.accepted_of(admin=False))


def _can_prove(methods: tuple[str, ...]) -> Q:
    own = Factor.objects.filter(user=OuterRef("pk"))
    works = Passkey.objects.filter(factor=OuterRef("pk"), suspended_at__isnull=True)
    usable = ~Q(kind=FactorKind.PASSKEY) | Exists(works)
    found = Q(Exists(own.filter(usable, kind__in=methods)))
    if FactorKind.TOTP in methods:  # a recovery code stands in for an app
        spare = RecoveryCode.objects.filter(
            user=OuterRef("pk"),
            used_at__isnull=True,
            replaced_at__isnull=True,
            key_version__in=list(settings.PORTAL_SECRET_KEYS),
        )
        found |= Q(Exists(own.filter(kind__in=STRONGER))) & Q(Exists(spare))
    return found


def _closing(
    contract: ActiveContract, after: ContractDocument, sets: list[_Set], at: datetime
) -> int:
    """Count the accounts that the other rule closes and the present one does not."""
    zones = {one.slug: one.document.contract.time_zone for one in registry.list_contracts()}
    later = {**zones, contract.slug: after.contract.time_zone}
    due = [
        {
            "contracts": [str(key) for key in one.contracts],
            "staff": one.is_staff,
            "not_yet": _last_use(one.before, zones, at).isoformat(),
            "due_then": _last_use(one.after, later, at).isoformat(),
        }
        for one in sets
    ]
    due = [one for one in due if one["not_yet"] != one["due_then"]]
    if not due:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_CLOSING, [contract.id, json.dumps(due)])
        return int(cursor.fetchone()[0])


def _last_use(policy: MergedPolicy, zones: dict[str, str], at: datetime) -> datetime:
    """Return before which moment an account was used last that is closed (`what_is_due`)."""
    slugs = policy.origin(_FIELD)
    name = next((zone for slug, zone in zones.items() if slug in slugs), None)
    zone = ZoneInfo(name or registry.get_deployment().deployment.time_zone)
    day = at.astimezone(zone).date() - timedelta(days=policy.accounts.inactivity_days - 1)
    return datetime.combine(day, time(), zone)
