"""Claims: whom a provider vouches for, and with which roles."""

from typing import Any
from uuid import UUID

import pytest

from core.staff.models import StaffRole
from core.staff.oidc.claims import ClaimsRefusedError, Vouched, read_claims
from core.staff.oidc.providers import StaffProvider
from tenants import registry
from tenants.configuration.staff import IdentityProvider

A, B = UUID(int=1), UUID(int=2)
TOLD = {
    "sub": "u-1",
    "email": "Olive@Company.example",
    "email_verified": True,
    "given_name": "Olive",
    "family_name": "Marsh",
    "groups": ["ops", "desk"],
}


class Contract:
    """As much of a contract as the roles need."""

    def __init__(self, key: UUID) -> None:
        self.id = key


@pytest.fixture(autouse=True)
def _contracts(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"a-one": Contract(A), "b-two": Contract(B)}
    monkeypatch.setattr(registry, "find_contract", known.get)


def provider(*, contracts: dict[str, UUID] | None = None, **changes: Any) -> StaffProvider:
    mappings = [
        {"claim": "groups", "value": "desk", "role": "help_desk"},
        {"claim": "groups", "value": "wv", "role": "contract_admin", "contracts": ["a-one"]},
    ]
    if not contracts:
        mappings.append({"claim": "groups", "value": "ops", "role": "operator"})
    document = IdentityProvider.model_validate(
        {
            "name": "Company",
            "issuer": "https://login.company.example",
            "client_id": "portal",
            "secret_variable": "SOME_SECRET",
            "allowed_domains": ["company.example"],
            "contracts": list(contracts or {}),
            "role_mappings": mappings,
            **changes,
        }
    )
    own: Any = tuple(Contract(key) for key in (contracts or {}).values())
    return StaffProvider(key="k", document=document, contracts=own)


def read(by: StaffProvider | None = None, **claims: Any) -> Vouched:
    return read_claims({**TOLD, **claims}, by or provider())


def test_address_name_and_roles() -> None:
    person = read()
    assert person.email == "olive@company.example"
    assert (person.first_name, person.last_name) == ("Olive", "Marsh")
    assert person.wanted_username == "Olive".lower()
    assert person.roles == {(StaffRole.OPERATOR, None), (StaffRole.HELP_DESK, None)}
    assert read(groups="wv").roles == {(StaffRole.CONTRACT_ADMIN, A)}
    for nothing in ([], None, {"ops": True}, "OPS", ["op"], 7, [["ops"]]):
        assert read(groups=nothing).roles == frozenset()


def test_a_states_own_provider_stays_in_its_contracts() -> None:
    own = provider(contracts={"a-one": A})
    person = read(own, groups=["ops", "desk", "wv"])
    assert person.roles == {(StaffRole.HELP_DESK, A), (StaffRole.CONTRACT_ADMIN, A)}
    # Its contract is out of service, or no longer names the issuer: nothing is left.
    alone = StaffProvider(key="k", document=own.document, contracts=())
    assert read(alone, groups=["ops", "desk", "wv"]).roles == frozenset()
    assert not alone.stands_for(A)
    assert not alone.stands_for(None)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"email": None}, "no_email"),
        ({"email": "olive"}, "no_email"),
        ({"email": "olive@company.example@elsewhere.example"}, "no_email"),
        ({"email": "ölive@company.example"}, "no_email"),
        ({"email_verified": False}, "email_unverified"),
        ({"email_verified": None}, "email_unverified"),
        ({"email_verified": "false"}, "email_unverified"),
        ({"email_verified": 1}, "email_unverified"),
        ({"email": "olive@sub.company.example"}, "domain"),
        ({"email": "olive@company.example.net"}, "domain"),
    ],
    ids=str,
)
def test_addresses_that_are_not_let_in(claims: dict[str, Any], reason: str) -> None:
    with pytest.raises(ClaimsRefusedError, match=reason):
        read(**claims)


def test_names_are_made_of_what_there_is() -> None:
    bare = {"given_name": None, "family_name": None}
    assert read(**bare, name="Olive van Marsh").last_name == "van Marsh"
    assert read(**bare).first_name == "olive"
    odd = read(given_name="Oli\u202eve\n" + "x" * 200)
    assert "\u202e" not in odd.first_name
    assert len(odd.first_name) <= 80
    assert read(preferred_username="O. Marsh <script>").wanted_username == "O.-Marsh-script"
    assert read(preferred_username="@@@").wanted_username == "staff"
