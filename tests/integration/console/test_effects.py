"""What a plan says that a publication touches, against what it does touch."""

import json
import random
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from contracts.console.effects.assessing import effects_of
from contracts.console.effects.facts import Effects
from contracts.console.services.publishing import publish
from contracts.registration.rules import (
    EntryFacts,
    IssuedCodeFacts,
    ProofFacts,
    check_input,
    entry_pairs,
    evaluate,
    issued_code_digest,
    issued_code_pair,
)
from contracts.roster.models import RosterEntry
from contracts.roster.selectors import entry_facts, issues_codes
from core.accounts.models import User
from core.accounts.policies import effective_policy
from core.accounts.services.inactivity import watch_inactivity
from core.common import clock
from core.common.crypto import current_key_version
from core.common.identifiers import npi_check_digit
from core.common.ids import uuid7
from core.mfa.models import Factor, FactorKind
from core.mfa.proving.methods import available_options
from core.mfa.proving.stepping_up import find_ask
from core.staff.models import StaffRole
from tenants import registry
from tenants.configuration.document import (
    ContractDocument,
    KnowledgeProofRule,
    RegistrationSection,
)
from tenants.context import ActiveContract, contract_context
from tests.integration.configuration.test_commands import edited, run
from tests.support.people import make_person, make_provider
from tests.support.publishing import publish_change
from tests.support.sign_in import sign_in_directly
from tests.support.staff import staff_client
from tests.unit.configuration.documents import changed

pytestmark = pytest.mark.django_db
ODD = "<script>alert(1)</script> {{7*7}}"
PATTERN = {"family": "program_id", "pattern": "[0-9]{10}"}
RULES: list[dict[str, Any]] = [
    {"rule": {"family": "program_id", "pattern": "[1-9][0-9]{9}"}},
    {"rule": {"family": "program_id", "pattern": r"00\d{8}|[A-Z]{2}\d+"}},
    {"rule": {"family": "program_id", "pattern": r"(?:12|AB)?[0-9A-Z]{4,12}"}},
    {"rule": {"family": "program_id", "pattern": r"(12|AB)\d*|[0-9]{9}2|"}},
    {"check_npi": False},
    {"identifier_types": ["npi", "umpi"]},
    {"without_npi": "refuse"},
    {"without_code": "refuse"},
    {"without_npi": "refuse", "check_npi": False},
    {"provider_types": ["Hospital"]},
    {"provider_types": ["Hospital", ODD], "without_code": "refuse"},
    {"rule": {"family": "issued_code"}, "without_code": "refuse"},
    {"rule": {"family": "issued_code"}, "without_code": "refuse", "without_npi": "refuse"},
    {"rule": {"family": "knowledge_proof"}, "without_code": "refuse", "without_npi": "refuse"},
    {
        "rule": {
            "family": "knowledge_proof",
            "issued_code_fallback": False,
            "facts": ["remittance_on"],
        },
        "without_code": "refuse",
        "without_npi": "refuse",
    },
]


def registration_with(document: ContractDocument, **fields: Any) -> ContractDocument:
    return changed(document, **{f"registration__{name}": value for name, value in fields.items()})


def random_entry(source: random.Random) -> RosterEntry:
    """Make an entry as rosters of any rule have left it behind."""
    body = f"{source.choice('12')}{source.randrange(10**8):08d}"
    npi = body + source.choice([npi_check_digit(body), source.choice("0123456789")])
    code = source.choice(["", f"{source.randrange(10**10):010d}", "AB123", "1234512345"])
    kind = source.choice(["npi", "npi", "npi", "umpi", "program_id"])
    paid = source.random() < 0.5
    identifier = {"npi": npi, "umpi": f"A{body}", "program_id": source.choice(["", code, npi])}
    return RosterEntry(
        unit_key=str(uuid7()),
        identifier=identifier[kind],
        identifier_type=kind,
        code=code,
        name=source.choice(["Elm", "Fir", ODD]),
        provider_type=source.choice(["Hospital", "Clinic", ODD]),
        remittance_on=date(2026, 1, 2) if paid else None,
        remittance_amount=Decimal("10.50") if paid and source.random() < 0.8 else None,
        removed_at=source.choice([None, None, None, timezone.now()]),
    )


def can_register(rule: RegistrationSection, entry: EntryFacts, at: datetime) -> bool:
    """Ask the registration itself, with the values that the entry's own provider would type."""
    tries: list[tuple[str, str | ProofFacts]] = list(entry_pairs(rule, entry))
    codes = []
    if issues_codes(rule) and (pair := issued_code_pair(rule, entry, "K7QM2XRT9B")):
        tries.append(pair)
        codes.append(
            IssuedCodeFacts(
                id=uuid7(),
                entry_id=entry.id,
                digest=issued_code_digest(entry.id, "K7QM2XRT9B"),
                key_version=current_key_version(),
                expires_at=at + timedelta(days=1),
                max_uses=1,
                uses=0,
                revoked_at=None,
            )
        )
    if isinstance(rule.rule, KnowledgeProofRule):
        paid = entry.remittance_on.isoformat() if entry.remittance_on else ""
        amount = str(entry.remittance_amount or "")
        tries.append((entry.identifier, ProofFacts(remittance_on=paid, remittance_amount=amount)))
    return any(
        not check_input(rule, identifier, code)
        and evaluate(
            rule=rule,
            identifier=identifier,
            code=code,
            entry=entry,
            codes=codes,
            on=at.date(),
            at=at,
        ).reason
        == "accepted"
        for identifier, code in tries
    )


@pytest.mark.parametrize("seed", range(3))
def test_roster_entries_that_no_longer_match_are_those_that_can_no_longer_register(
    contract_a: ActiveContract, seed: int
) -> None:
    source, at = random.Random(seed), clock.now()
    start = registration_with(contract_a.document, rule=PATTERN)
    with contract_context(contract_a):
        RosterEntry.objects.bulk_create([random_entry(source) for _ in range(300)])
        present = RosterEntry.objects.filter(removed_at=None)
        # Dates come and go by themselves; the plan leaves them out.
        entries = [replace(entry_facts(one), starts_on=None, ends_on=None) for one in present]
    publish(document=start, base=contract_a.revision, by=None, at=at)
    begins = [one for one in entries if can_register(start.registration, one, at)]
    assert len(begins) > 50
    for fields in RULES:
        document = registration_with(start, **fields)
        lost = sum(not can_register(document.registration, one, at) for one in begins)
        said = effects_of(document, at=at).roster
        assert said.unmatched == lost, fields
        assert len(said.examples) == min(lost, 20), fields


def test_entries_that_need_a_code_and_those_that_get_other_keys(contract_a: ActiveContract) -> None:
    present = effects_of(contract_a.document, at=clock.now())
    assert (present.roster.need_code, present.roster.keys_change) == (0, 0)
    with contract_context(contract_a):
        count = RosterEntry.objects.filter(removed_at=None).count()
    document = registration_with(
        contract_a.document, rule={"family": "issued_code"}, without_code="refuse", unit="location"
    )
    said = effects_of(document, at=clock.now()).roster
    assert said.need_code == count - said.unmatched > 0
    assert said.keys_change == count


def test_sign_ins_end_for_the_contract_in_hand_and_no_other(
    contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    here, there = Client(), Client()
    for client, name, contract in ((here, "dana", contract_a), (there, "lee", contract_b)):
        person = make_person(name)
        make_provider(person, contract)
        sign_in_directly(client, person)
    document = changed(contract_a.document, accounts__lock_failures=2)
    said = effects_of(document, at=clock.now()).people
    assert (said.accounts, said.sessions_end, said.rules_change_for) == (1, 1, 1)
    weaker = changed(contract_a.document, sessions__warning_seconds=20)
    assert effects_of(weaker, at=clock.now()).people.sessions_end == 0
    publish_change("wv-bh", accounts__lock_failures=2)
    assert here.get("/").headers.get("Location", "") != there.get("/").headers.get("Location", "")


def test_whom_a_stricter_contract_holds_already_is_not_touched(
    contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    publish_change(contract_b.slug, accounts__lock_failures=1)
    one, both = make_person("dana"), make_person("lee")
    make_provider(one, contract_a)
    make_provider(both, contract_a, identifier="1000000012")
    make_provider(both, registry.get_contract(contract_b.slug))
    rules = {user.pk: effective_policy(user.pk).accounts for user in (one, both)}
    said = effects_of(changed(contract_a.document, accounts__lock_failures=2), at=clock.now())
    assert (said.people.accounts, said.people.rules_change_for) == (2, 1)
    publish_change("wv-bh", accounts__lock_failures=2)
    others = [key for key, rule in rules.items() if effective_policy(key).accounts != rule]
    assert others == [one.pk]


@pytest.mark.parametrize("days", [30, 45, 59])
def test_accounts_that_close_are_those_that_the_next_run_closes(
    contract_a: ActiveContract, contract_b: ActiveContract, days: int
) -> None:
    at = datetime(2026, 6, 1, 3, 30, tzinfo=UTC)  # still the day before in the east
    for number in range(12):
        user = make_person(f"user{number}", phone=None)
        used = at - timedelta(days=26 + 3 * number, hours=number)
        User.objects.filter(pk=user.pk).update(last_used_at=used)
        make_provider(user, (contract_a, contract_b)[number % 2], identifier=f"12345678{number:02}")
        if number % 3 == 0:
            make_provider(user, contract_a, identifier=f"22345678{number:02}")
    watch_inactivity(at=at)
    document = changed(
        contract_a.document, accounts__inactivity_days=days, accounts__inactivity_warn_days=[20]
    )
    said = effects_of(document, at=at).people.close_for_disuse
    publish(document=document, base=contract_a.revision, by=None, at=at)
    assert watch_inactivity(at=at).closed == said
    assert effects_of(document, at=at).people.close_for_disuse == 0


def test_accounts_without_an_accepted_factor_are_those_that_are_asked_to_enrol(
    contract_a: ActiveContract,
) -> None:
    people = [make_person(f"user{number}", phone=None) for number in range(4)]
    for number, user in enumerate(people):
        make_provider(user, contract_a, identifier=f"12345678{number:02}")
        if number % 2:
            Factor.objects.create(
                user=user, kind=FactorKind.TOTP, verified_at=clock.now(), created_at=clock.now()
            )
    waivers = [one.model_dump(mode="json") for one in contract_a.document.waivers]
    waivers = [one for one in waivers if not one["rule"].startswith("mfa.methods.")]
    fields = {"mfa__methods": ["totp", "passkey"], "waivers": waivers}
    said = effects_of(changed(contract_a.document, **fields), at=clock.now()).people.enrol_again
    publish_change("wv-bh", **fields)
    contract = registry.get_contract("wv-bh")
    asks = [find_ask(contract, user, available_options(user)) for user in people]
    assert said == sum(ask is not None and not ask.options for ask in asks) == 2


def test_hosts_and_waivers_are_named(contract_c: ActiveContract) -> None:
    hosts = contract_c.document.hosts
    document = changed(
        contract_c.document, hosts__primary=None, hosts__aliases=[], hosts__redirects=[], waivers=[]
    )
    said = effects_of(document, at=clock.now())
    assert hosts.primary in said.hosts_end
    assert set(said.waivers_over) == {one.rule for one in contract_c.document.waivers}
    assert effects_of(contract_c.document, at=clock.now()).hosts_end == ()


def test_a_contract_that_is_not_there_touches_nobody() -> None:
    document = changed(registry.get_contract("wv-bh").document, contract__slug="nobody-here")
    assert effects_of(document, at=clock.now()) == Effects(is_known=False)


def test_a_plan_says_it_to_pipelines_without_names(tmp_path: Any) -> None:
    file = edited(
        tmp_path,
        ('without_code = "identifier_in_both"', 'without_code = "refuse"'),
        # The test vector of a provider without a number follows the rule.
        (
            'expect = "accepted"\nentry = { identifier = "1234567893" }',
            'expect = "fallback_not_open"\nentry = { identifier = "1234567893" }',
        ),
    )
    told = json.loads(run("contract", "plan", file, "--json"))
    [result] = told["results"]
    lost = result["touches"]["roster_entries_unmatched"]
    assert lost > 0
    assert f"can no longer be registered: {lost}." in run("contract", "plan", file)
    with contract_context(registry.get_contract("wv-bh")):
        names = RosterEntry.objects.filter(removed_at=None).values_list("name", flat=True)
        assert not [name for name in names if name in json.dumps(told)]


def test_rolling_back_names_entries_to_who_may_see_the_roster(contract_a: ActiveContract) -> None:
    publish_change("wv-bh", registration__provider_types=[])
    with contract_context(contract_a):
        RosterEntry.objects.filter(code="").update(name=ODD)
    publish_change("wv-bh", registration__check_npi=False)
    document = changed(contract_a.document, registration__without_code="refuse")
    publish(document=document, base=2, by=None, at=clock.now())
    publish(document=contract_a.document, base=3, by=None, at=clock.now())
    back = staff_client(StaffRole.OPERATOR).get("/staff/contracts/wv-bh/revisions/3/rollback/")
    shown = back.content.decode()
    assert re.search(r"can no longer be registered: \d+\.", shown)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}}" in shown
    assert "<script>alert(1)" not in shown
