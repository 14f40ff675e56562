"""The identity providers of the deployment's document, and whose staff each one knows."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit
from uuid import UUID

from core.common.errors import DomainError
from tenants import registry
from tenants.configuration.staff import IdentityProvider
from tenants.context import ActiveContract
from tenants.routing import absolute_reverse

_KEY_LENGTH = 16


class ProviderNotReadyError(DomainError):
    """The environment lacks the provider's secret."""

    code: ClassVar[str] = "identity_provider_not_ready"
    message: ClassVar[str] = "This sign-in is not set up completely. Please tell the contact below."


@dataclass(frozen=True)
class StaffProvider:
    """One provider. `contracts` are those that a state's own one signs people into now: both the
    deployment's document and the contract's have to say so.

    `key` stands for it in addresses: a digest of the issuer, so that another issuer is another
    address, and answers of two providers cannot be mixed up.
    """

    key: str
    document: IdentityProvider
    contracts: tuple[ActiveContract, ...]

    @property
    def name(self) -> str:
        """Return what its button says."""
        return self.document.name

    @property
    def issuer(self) -> str:
        """Return the issuer, as its tokens name it."""
        return self.document.issuer

    @property
    def contract_ids(self) -> frozenset[UUID]:
        """Return the keys of the contracts whose own provider it is."""
        return frozenset(contract.id for contract in self.contracts)

    @property
    def is_companys(self) -> bool:
        """Tell whether it is the company's own, and no state's."""
        return not self.document.contracts

    def stands_for(self, contract_id: UUID | None) -> bool:
        """Tell whether a role that it gave there still counts."""
        return self.is_companys or contract_id in self.contract_ids

    @property
    def begin_path(self) -> str:
        """Return the path on the portal host that leads to it, for the form of its button."""
        address = absolute_reverse("staff:oidc_begin", contract=None, kwargs={"key": self.key})
        return urlsplit(address).path

    def secret(self) -> str:
        """Return the client's secret from the environment. Raises ProviderNotReadyError."""
        secret = os.environ.get(self.document.secret_variable, "")
        if not secret:
            raise ProviderNotReadyError
        return secret


def key_of_issuer(issuer: str) -> str:
    """Return what stands for an issuer in addresses."""
    return hashlib.sha256(issuer.encode()).hexdigest()[:_KEY_LENGTH]


def list_providers(contract: ActiveContract | None = None) -> Sequence[StaffProvider]:
    """Return the providers to choose from: all of them, or those that matter in a contract.

    In a contract these are the company's and the contract's own; those of other states are not
    named there.
    """
    found = [_provider(document) for document in registry.get_deployment().identity_providers]
    if contract is None:
        return found
    return [one for one in found if one.stands_for(contract.id)]


def find_provider(key: str) -> StaffProvider | None:
    """Return the provider with a key, or None."""
    return next((one for one in list_providers() if one.key == key), None)


def provider_of_issuer(issuer: str) -> StaffProvider | None:
    """Return the provider that has an issuer, or None when it is no longer described."""
    return next((one for one in list_providers() if one.issuer == issuer), None)


def _provider(document: IdentityProvider) -> StaffProvider:
    named = [registry.find_contract(slug) for slug in document.contracts]
    own = tuple(
        contract
        for contract in named
        if contract and document.issuer in contract.document.staff.issuers
    )
    return StaffProvider(key=key_of_issuer(document.issuer), document=document, contracts=own)
