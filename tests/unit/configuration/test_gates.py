"""What keeps a valid document from being published, and what opens the gate."""

import inspect
import re
from datetime import date

import pytest

from contracts.registration import vector_gate
from tenants.configuration import gates
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import ContractDocument
from tenants.configuration.gate_titles import GATE_TITLES, VALID
from tenants.configuration.gates import (
    GateContext,
    contract_failures,
    deployment_failures,
    overdue_waivers,
    weaker_than_default,
)
from tenants.configuration.loading import load_deployment
from tenants.configuration.presets import CMS_HIGH, DEFAULT, DOCUMENTED
from tenants.configuration.starter import starter_contract
from tests.unit.configuration.documents import DEPLOYMENT, PROGRAMS, changed, sample

TODAY = date(2026, 11, 22)


def gates_closed(document: ContractDocument, context: GateContext | None = None) -> set[str]:
    failures = contract_failures(document, context or GateContext(on=TODAY))
    return {failure.gate for failure in failures}


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_the_samples_can_be_published(path: object) -> None:
    document = sample(path.stem)  # type: ignore[attr-defined]
    assert contract_failures(document, GateContext(on=TODAY)) == ()
    assert min(waiver.until for waiver in document.waivers) >= date(2027, 6, 1)


def test_the_deployment_can_be_published() -> None:
    assert deployment_failures(load_deployment(DEPLOYMENT), GateContext(on=TODAY)) == ()


def test_a_new_contract_starts_without_anything_to_waive() -> None:
    document = starter_contract("new-one", on=TODAY)
    assert document.waivers == ()
    assert contract_failures(document, GateContext(on=TODAY)) == ()


def test_the_message_about_terms_names_both_days() -> None:
    document = starter_contract("new-one", on=date(2026, 11, 23))
    (failure,) = contract_failures(document, GateContext(on=TODAY))
    assert "2026-11-22 in America/New_York" in failure.message
    assert "begins on 2026-11-23" in failure.message


def test_the_default_and_the_high_preset_are_weaker_than_nothing() -> None:
    assert weaker_than_default(DEFAULT) == ()
    assert weaker_than_default(CMS_HIGH) == ()


def test_the_documented_preset_is_weaker_in_exactly_these_points() -> None:
    assert {weakness.rule for weakness in weaker_than_default(DOCUMENTED)} == {
        "accounts.password_min_length",
        "accounts.password_classes",
        "mfa.methods.email",
        "mfa.methods.phone",
        "mfa.voice_confirmation",
        "mfa.email_code_seconds",
        "mfa.remember_hours",
    }


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("accounts__password_min_length", 14, "accounts.password_min_length"),
        ("accounts__password_classes", ["digit"], "accounts.password_classes"),
        ("accounts__lock_failures", 6, "accounts.lock_failures"),
        ("accounts__lock_window_minutes", 119, "accounts.lock_window_minutes"),
        ("accounts__lock_hold_minutes", 59, "accounts.lock_hold_minutes"),
        ("accounts__inactivity_days", 61, "accounts.inactivity_days"),
        ("accounts__inactivity_warn_days", [], "accounts.inactivity_warn_days"),
        ("mfa__methods", ["totp", "email"], "mfa.methods.email"),
        ("mfa__methods", ["phone"], "mfa.methods.phone"),
        ("mfa__email_code_seconds", 301, "mfa.email_code_seconds"),
        ("mfa__sms_code_seconds", 59, "mfa.sms_code_seconds"),
        ("mfa__voice_code_seconds", 59, "mfa.voice_code_seconds"),
        ("mfa__verify_email_code_seconds", 59, "mfa.verify_email_code_seconds"),
        ("mfa__attempts", 4, "mfa.attempts"),
        ("mfa__voice_confirmation", "press_pound", "mfa.voice_confirmation"),
        ("mfa__remember_hours", 1, "mfa.remember_hours"),
        ("sessions__idle_minutes", 16, "sessions.idle_minutes"),
        ("sessions__absolute_hours", 13, "sessions.absolute_hours"),
        ("sessions__warning_seconds", 60, "sessions.warning_seconds"),
        ("links__registration_minutes", 21, "links.registration_minutes"),
        ("links__invitation_hours", 49, "links.invitation_hours"),
        ("links__reset_minutes", 21, "links.reset_minutes"),
        ("links__reset_registration_hours", 49, "links.reset_registration_hours"),
        ("links__reservation_hours", 25, "links.reservation_hours"),
    ],
)
def test_what_is_weaker_needs_a_waiver(field: str, value: object, rule: str) -> None:
    weak = changed(starter_contract("new-one", on=TODAY), **{field: value})
    failures = contract_failures(weak, GateContext(on=TODAY))
    assert [(failure.gate, failure.field) for failure in failures] == [
        ("weaker_policy_is_waived", rule)
    ]
    waiver = {"rule": rule, "reason": "The agency asks for it.", "until": "2027-06-30"}
    assert gates_closed(changed(weak, waivers=[waiver])) == set()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("accounts__password_min_length", 16),
        ("accounts__lock_failures", 3),
        ("accounts__lock_hold_minutes", None),
        ("accounts__lock_window_minutes", None),
        ("mfa__email_code_seconds", 60),
        ("mfa__methods", ["totp"]),
        ("links__registration_minutes", 10),
    ],
)
def test_what_is_stricter_needs_none(field: str, value: object) -> None:
    document = changed(starter_contract("new-one", on=TODAY), **{field: value})
    assert gates_closed(document) == set()


def test_a_waiver_is_good_to_its_last_day() -> None:
    document = sample()
    last = document.waivers[0].until
    assert gates_closed(document, GateContext(on=last)) == set()
    after = date(last.year + 1, 1, 1)
    assert gates_closed(document, GateContext(on=after)) == {"waivers_are_current"}
    assert overdue_waivers(document, last) == ()
    assert overdue_waivers(document, after) == document.waivers


def test_a_waiver_of_nothing_is_refused_and_says_where() -> None:
    waiver = {"rule": "accounts.lock_failures", "reason": "Just in case.", "until": "2027-06-30"}
    document = changed(starter_contract("new-one", on=TODAY), waivers=[waiver])
    (failure,) = contract_failures(document, GateContext(on=TODAY))
    assert (failure.gate, failure.field) == ("waivers_are_needed", "waivers.0.rule")


def test_a_host_of_somebody_else_is_refused() -> None:
    document = sample("ms-um")
    taken = {"ms-um.providers.example": "other"}
    (failure,) = contract_failures(document, GateContext(on=TODAY, taken_hosts=taken))
    assert (failure.gate, failure.field) == ("hosts_are_free", "hosts.primary")
    assert "other" not in failure.message.replace("another", "")
    assert failure.named().message.endswith("It is the contract other.")


def test_the_examples_on_the_page_must_be_ones_that_are_accepted() -> None:
    document = sample()
    wrong_npi = changed(document, registration__identifier_example="1234567890")
    assert gates_closed(wrong_npi) == {"examples_fit"}
    wrong_code = changed(document, registration__code_example="12-34")
    assert gates_closed(wrong_code) == {"examples_fit"}
    assert gates_closed(changed(document, registration__code_example="00-1234 5678")) == set()


def test_terms_must_be_in_effect_when_people_register() -> None:
    document = changed(sample("ms-um"))
    terms = document.model_dump(mode="json")["terms"]
    terms[0]["effective_on"] = "2027-02-01"
    later = changed(document, terms=terms)
    assert gates_closed(later) == {"terms_are_in_effect"}
    assert gates_closed(changed(later, contract__opens_on="2027-02-01")) == set()


def test_terms_in_effect_are_superseded_and_not_rewritten() -> None:
    document = sample()
    data = document.model_dump(mode="json")["terms"]
    context = GateContext(on=TODAY, published=document)
    rewritten = [{**data[0], "text": ["Something else."]}, data[1]]
    assert gates_closed(changed(document, terms=rewritten), context) == {"terms_are_not_rewritten"}
    assert gates_closed(changed(document, terms=data[1:]), context) == {"terms_are_not_rewritten"}
    added = [*data, {**data[1], "version": "3", "effective_on": "2026-12-01"}]
    assert gates_closed(changed(document, terms=added), context) == set()
    early = GateContext(on=date(2026, 6, 30), published=document)
    announced = [data[0], {**data[1], "text": ["Something else."]}]
    assert gates_closed(changed(document, terms=announced), early) == set()


def test_the_current_terms_are_the_latest_that_have_begun() -> None:
    document = sample()
    assert document.current_terms(date(2026, 6, 30)).version == "1"
    assert document.current_terms(date(2026, 7, 1)).version == "2"
    assert document.current_terms(date(2020, 1, 1)).version == "1"


def test_the_deployments_policies_need_waivers_too() -> None:
    document = load_deployment(DEPLOYMENT)
    data = document.model_dump(mode="json")
    data["staff"]["accounts"]["password_min_length"] = 12
    weak = DeploymentDocument.model_validate(data)
    (failure,) = deployment_failures(weak, GateContext(on=TODAY))
    assert failure.field == "staff.accounts.password_min_length"
    data["waivers"] = [{"rule": failure.field, "reason": "Until May.", "until": "2027-05-31"}]
    assert deployment_failures(DeploymentDocument.model_validate(data), GateContext(on=TODAY)) == ()


def test_a_portal_host_cannot_be_a_contracts_host() -> None:
    taken = {"portal.kepro.com": "other"}
    (failure,) = deployment_failures(
        load_deployment(DEPLOYMENT), GateContext(on=TODAY, taken_hosts=taken)
    )
    assert (failure.gate, failure.field) == ("hosts_are_free", "portal_hosts.1.host")


def test_a_letter_alone_does_not_reach_support() -> None:
    starter = starter_contract("new-one", on=TODAY)
    by_letter = {"purpose": "Help", "postal_address": "1 Example Plaza", "fax": "614-555-0100"}
    by_mail = {"purpose": "Help", "email": "help@example.org"}
    assert gates_closed(changed(starter, support=[by_letter])) == {"support_is_reachable"}
    assert gates_closed(changed(starter, support=[by_letter, by_mail])) == set()


def test_every_gate_has_a_title() -> None:
    sources = inspect.getsource(gates) + inspect.getsource(vector_gate)
    named = set(re.findall(r'GateFailure\(\s*"([a-z_]+)"', sources))
    assert set(GATE_TITLES) - {VALID} == named - {"issuers_are_kept"}  # of the deployment's alone
