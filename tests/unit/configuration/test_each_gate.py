"""Each gate has a document that trips it and no other gate: a new gate without one fails here."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

import pytest

from contracts.console.drafts.content import read_content
from tenants.configuration import gates
from tenants.configuration.brand import Tones
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import ContractDocument
from tenants.configuration.gate_titles import GATE_TITLES, VALID
from tenants.configuration.gates import (
    GateContext,
    GateFailure,
    contract_failures,
    deployment_failures,
)
from tenants.configuration.loading import load_deployment
from tests.unit.configuration.documents import DEPLOYMENT, changed, sample

TODAY: Final = date(2026, 11, 22)
ISSUER: Final = "https://sso.example.gov"
Failures = tuple[GateFailure, ...]


def failures_of(document: ContractDocument, **known: Any) -> Failures:
    return contract_failures(document, GateContext(**{"on": TODAY, **known}))


def failures_after(slug: str = "wv-bh", /, **fields: Any) -> Failures:
    return failures_of(changed(sample(slug), **fields))


def unreadable() -> Failures:
    data = sample().model_dump(mode="json")
    data["mfa"]["attempts"] = 0
    problems = read_content(data).problems
    return tuple(GateFailure(VALID, one.field, one.message) for one in problems)


def in_one_tone() -> Failures:
    """No colour trips this gate: tones are made to be read. So they are made of it as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gates, "make_tones", lambda color: Tones(*[color] * 7))
        return failures_after(brand__color="#999999")


def with_vectors(slug: str, **said: str) -> Failures:
    """Say something else in the one vector of a program whose code is wrong."""
    vectors = [one.model_dump(mode="json") for one in sample(slug).registration.test_vectors]
    wrong = next(one for one in vectors if one["expect"] == "wrong_code")
    wrong |= said
    return failures_after(slug, registration__test_vectors=vectors)


def first_terms(**said: Any) -> list[dict[str, Any]]:
    first: dict[str, Any] = sample("ms-um").model_dump(mode="json")["terms"][0]
    return [{**first, **said}]


def without_a_provider_in_use() -> Failures:
    document: DeploymentDocument = load_deployment(DEPLOYMENT)
    needed = {ISSUER: "the contract other"}
    return deployment_failures(document, GateContext(on=TODAY, needed_issuers=needed))


def with_a_waiver_too_many() -> Failures:
    waivers = sample().model_dump(mode="json")["waivers"]
    return failures_after(waivers=[*waivers, {**waivers[0], "rule": "accounts.lock_failures"}])


LOGO: Final = {"brand__logo": "a" * 64, "brand__logo_width": 120, "brand__logo_height": 40}
TRIPPED: Final[dict[str, Callable[[], Failures]]] = {
    VALID: unreadable,
    "brand_is_readable": in_one_tone,
    "logo_is_present": lambda: failures_of(changed(sample(), **LOGO), logos={}),
    "support_is_reachable": lambda: failures_after(
        support=[{"purpose": "Help", "fax": "614-555-0100"}]
    ),
    "hosts_are_free": lambda: failures_of(
        changed(sample(), hosts__primary="taken.example.org"),
        taken_hosts={"taken.example.org": "other"},
    ),
    "sender_is_its_own": lambda: failures_of(
        changed(sample(), brand__sender_address="Mail@Taken.example.org"),
        taken_senders={"mail@taken.example.org": "other"},
    ),
    "issuers_are_known": lambda: failures_of(
        changed(sample(), staff__issuers=[ISSUER]), issuers=()
    ),
    "issuers_are_kept": without_a_provider_in_use,
    "examples_fit": lambda: failures_after(registration__code_example="12-34"),
    "test_vectors_cover": lambda: failures_after(registration__test_vectors=[]),
    "test_vectors_hold_no_codes": lambda: with_vectors("acentra-sample", code="K7QM-2XRT-9B"),
    "test_vectors_pass": lambda: with_vectors("wv-bh", expect="accepted"),
    "terms_are_in_effect": lambda: failures_after(
        "ms-um", terms=first_terms(effective_on="2027-02-01")
    ),
    "terms_are_not_rewritten": lambda: failures_of(
        changed(sample("ms-um"), terms=first_terms(text=["Something else."])),
        published=sample("ms-um"),
    ),
    "weaker_policy_is_waived": lambda: failures_after(accounts__lock_failures=6),
    "waivers_are_needed": with_a_waiver_too_many,
    "waivers_are_current": lambda: failures_of(sample(), on=date(2099, 1, 1)),
}


def test_every_gate_has_a_document_that_trips_it() -> None:
    assert set(TRIPPED) == {*GATE_TITLES, "issuers_are_kept"}  # the deployment's own


@pytest.mark.parametrize("gate", TRIPPED)
def test_a_document_trips_this_gate_alone(gate: str) -> None:
    failures = TRIPPED[gate]()
    assert {failure.gate for failure in failures} == {gate}
    assert all(failure.field and failure.message for failure in failures)
