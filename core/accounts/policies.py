"""Which policy holds for whom: the strictest of the account's contracts, field by field."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from core.accounts.models import ContractAccess, User
from core.accounts.passwords.rules import PasswordRules, blocked_words
from core.common.compiled import CompiledQuery
from tenants import registry
from tenants.configuration.document import BrandSection
from tenants.configuration.merge import MergedPolicy, strictest
from tenants.configuration.policy import (
    AccountsSection,
    CodePolicy,
    LinksSection,
    PolicySections,
    SessionsSection,
)
from tenants.context import ActiveContract

_PORTAL = "portal"
STAFF = "staff"
"""How a merged policy names the deployment's policy for staff; no contract can be called so."""


class Policy(Protocol):
    """What holds for a person: a document's sections or the merge of several."""

    @property
    def accounts(self) -> AccountsSection:
        """Return the rules of passwords, lock and inactivity."""

    @property
    def mfa(self) -> CodePolicy:
        """Return the rules of codes."""

    @property
    def sessions(self) -> SessionsSection:
        """Return the rules of sessions."""

    @property
    def links(self) -> LinksSection:
        """Return the rules of links."""


def effective_policy(user_id: UUID) -> MergedPolicy:
    """Return the strictest policy of the contracts that an account works in (one query).

    Without a contract, and for an unknown account, the deployment's defaults hold; for staff its
    policy for staff, too. Design decisions 7 and 16.
    """
    found = _WORKS_IN.first(user_id=user_id)
    if found is None:
        return policy_of([])
    is_staff, contract_keys = found
    return policy_of(find_contracts(contract_keys), staff=is_staff)


def _work_of(user_id: UUID) -> "QuerySet[User, tuple[bool, list[UUID]]]":
    access = ContractAccess.objects.filter(user=OuterRef("pk"), until__isnull=True)
    held = User.objects.filter(pk=user_id).annotate(
        contract_keys=ArraySubquery(access.values("contract_id"))
    )
    return held.values_list("is_staff_member", "contract_keys")


_WORKS_IN: CompiledQuery[tuple[bool, list[UUID]]] = CompiledQuery(_work_of)


def policy_for(user: User) -> MergedPolicy:
    """Return the effective policy of an account; no query where it was read `with_contracts`."""
    return policy_of(contracts_in_hand(user), staff=user.is_staff_member)


def contracts_of(user_id: UUID) -> list[ActiveContract]:
    """Return the contracts that an account works in and that are ready (one query)."""
    access = ContractAccess.objects.filter(user_id=user_id, until__isnull=True)
    return find_contracts(access.values_list("contract_id", flat=True))


def contracts_in_hand(user: User) -> list[ActiveContract]:
    """Return the same without a query for an account that was read `with_contracts`."""
    keys: list[UUID] | None = getattr(user, "contract_keys", None)
    return contracts_of(user.id) if keys is None else find_contracts(keys)


def find_contracts(contract_ids: Iterable[UUID]) -> list[ActiveContract]:
    """Return those of some contracts that are ready; no query, they come from the cache."""
    found = [find_contract(key) for key in contract_ids]
    return [contract for contract in found if contract]


def policy_of(contracts: Iterable[ActiveContract], *, staff: bool = False) -> MergedPolicy:
    """Return the strictest policy of contracts; of none, the deployment's defaults.

    With `staff`, the deployment's policy for staff is one of those that are merged.
    """
    if staff:
        documents: dict[str, PolicySections] = {one.slug: one.document for one in contracts}
        return strictest({STAFF: registry.get_deployment().staff, **documents})
    return merged_policy(tuple(sorted((one.slug, one.revision) for one in contracts)))


def policy_epochs_of(contracts: Iterable[ActiveContract]) -> dict[str, int]:
    """Return the policy epochs by contract key, as sessions and remembered browsers keep them."""
    return {str(contract.id): contract.policy_epoch for contract in contracts}


@lru_cache(maxsize=512)
def _merged(contracts: tuple[tuple[str, int], ...]) -> MergedPolicy:
    return strictest({slug: registry.get_contract(slug).document for slug, _revision in contracts})


def merged_policy(contracts: tuple[tuple[str, int], ...]) -> MergedPolicy:
    """Return the merge for contracts given as (slug, revision); kept until one publishes."""
    if not contracts:
        return strictest({_PORTAL: registry.get_deployment().defaults})
    return _merged(contracts)


def find_contract(contract_id: UUID) -> ActiveContract | None:
    """Return a contract by its key, or None when it is not ready."""
    try:
        return registry.get_contract_by_id(contract_id)
    except registry.UnknownContractError:
        return None


def site_policy(contract: ActiveContract | None) -> PolicySections:
    """Return the policy before the account is known: the contract's or the deployment's."""
    return contract.document if contract else registry.get_deployment().defaults


@dataclass(frozen=True)
class OfferedOptions:
    """What the Login options page offers here."""

    phone: bool
    email: bool
    totp: bool
    passkey: bool
    remember_hours: int


def offered_options(contract: ActiveContract | None) -> OfferedOptions:
    """Return the options of a contract, or on the portal host those of any contract."""
    contracts = [contract] if contract else list(registry.list_contracts())
    sections = [one.document.mfa for one in contracts] or [registry.get_deployment().defaults.mfa]
    methods = {method for section in sections for method in section.methods}
    return OfferedOptions(
        phone="phone" in methods,
        email="email" in methods,
        totp="totp" in methods,
        passkey="passkey" in methods,
        remember_hours=max(section.remember_hours for section in sections),
    )


def password_rules(policy: Policy) -> PasswordRules:
    """Return the rules that a new password must meet under a policy."""
    return PasswordRules(
        min_length=policy.accounts.password_min_length, classes=policy.accounts.password_classes
    )


def brand_words(brand: BrandSection) -> set[str]:
    """Return the words of a brand, on which no password may be built."""
    return blocked_words(brand.organization, brand.product, brand.logo_text)
