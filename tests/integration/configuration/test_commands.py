"""The commands `contract` and `deployment`, as an operator types them."""

import json
import re
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError

from tenants import registry
from tenants.configuration.loading import load_contract, load_deployment, parse_deployment
from tenants.models import ContractRevision, DeploymentRevision
from tests.unit.configuration.documents import DEPLOYMENT, ROOT, sample

WV = ROOT / "contracts" / "programs" / "wv-bh.toml"


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def refusal(*arguments: str) -> str:
    with pytest.raises(CommandError) as refused:
        run(*arguments)
    return str(refused.value)


def edited(folder: Path, *changes: tuple[str, str], source: Path = WV) -> str:
    text = source.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / source.name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_check_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_slug: str) -> None:
        raise OperationalError

    command = "contracts.console.management.commands.contract"
    monkeypatch.setattr(f"{command}.find_contract_revision", away)
    assert "contract wv-bh, ready to be planned" in run("contract", "check", "wv-bh")


@pytest.mark.django_db
def test_check_says_what_a_document_would_change() -> None:
    assert "contract wv-bh (published as revision 1), ready to be planned" in run(
        "contract", "check", "wv-bh"
    )
    assert "ready to be planned" in run("contract", "check", str(WV))
    assert "ready to be planned" in run("deployment", "check")


def test_check_names_file_line_and_field_of_each_mistake(tmp_path: Path) -> None:
    file = edited(
        tmp_path, ('state = "WV"', 'state = "Wv"'), ("lock_failures = 3", "lock_failures = 30")
    )
    lines = refusal("contract", "check", file).splitlines()
    assert len(lines) == 2
    assert re.fullmatch(re.escape(file) + r":\d+: contract\.state: .+\.", lines[0])
    assert re.fullmatch(re.escape(file) + r":\d+: accounts\.lock_failures: .+\.", lines[1])


def test_check_names_the_line_of_a_closed_gate(tmp_path: Path) -> None:
    file = edited(tmp_path, ("until = 2028-12-31", "until = 2020-12-31"))
    (line,) = refusal("contract", "check", file).splitlines()
    number = int(line.removeprefix(f"{file}:").split(":")[0])
    assert Path(file).read_text().splitlines()[number - 1] == "until = 2020-12-31"
    assert "waivers_are_current" in line


def test_a_file_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    assert "cannot be read" in refusal("contract", "check", str(tmp_path / "none.toml"))
    assert "cannot be read" in refusal("contract", "check", "no-such-slug")
    assert "cannot be read" in refusal("deployment", "check", str(tmp_path))


@pytest.mark.django_db
def test_plan_prints_the_difference_and_changes_nothing(tmp_path: Path) -> None:
    file = edited(tmp_path, ("lock_failures = 3", "lock_failures = 2"))
    said = run("contract", "plan", file)
    assert "compared with revision 1" in said
    assert "~ accounts.lock_failures: 3 -> 2" in said
    assert "sessions end: accounts.lock_failures" in said
    assert "accounts with access to the contract: 0" in said
    assert "no difference" in run("contract", "plan", "wv-bh")
    assert registry.get_contract("wv-bh").document == sample()


@pytest.mark.django_db
def test_apply_publishes_once(tmp_path: Path) -> None:
    file = edited(tmp_path, ("lock_failures = 3", "lock_failures = 2"))
    assert "revision 2 published" in run("contract", "apply", file, "--note", "Fewer attempts")
    assert "nothing changed" in run("contract", "apply", file)
    assert ContractRevision.objects.filter(contract__slug="wv-bh").count() == 2
    history = run("contract", "history", "wv-bh").splitlines()
    assert len(history) == 2
    assert "Fewer attempts" in history[0]
    assert history[0].split()[0] == "2"


@pytest.mark.django_db
def test_one_broken_document_of_several_publishes_none(tmp_path: Path) -> None:
    good = edited(tmp_path, ("lock_failures = 3", "lock_failures = 2"))
    broken = edited(tmp_path, ("[mfa]", "[mfa"), source=ROOT / "contracts/programs/ms-um.toml")
    assert "not valid TOML" in refusal("contract", "apply", good, broken)
    assert ContractRevision.objects.filter(contract__slug="wv-bh").count() == 1


@pytest.mark.django_db
def test_apply_on_an_old_base_shows_what_was_published_since(tmp_path: Path) -> None:
    run("contract", "apply", edited(tmp_path, ("lock_failures = 3", "lock_failures = 2")))
    other = edited(tmp_path, ("remember_hours = 4", "remember_hours = 2"))
    said = refusal("contract", "apply", other, "--base", "1")
    assert "based on revision 1, but revision 2 is published" in said
    assert "~ accounts.lock_failures: 3 -> 2" in said


@pytest.mark.django_db
def test_a_published_document_applies_on_though_a_waiver_is_overdue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    late = datetime(2029, 2, 1, tzinfo=UTC)
    monkeypatch.setattr("contracts.console.documents.now", lambda: late)
    assert "nothing changed" in run("contract", "apply", "wv-bh")
    assert "waivers_are_current" in refusal("contract", "check", "wv-bh")


def test_the_schema_of_documents_is_printed() -> None:
    schema = json.loads(run("contract", "schema"))
    assert set(schema["required"]) >= {"contract", "brand", "support", "registration", "terms"}
    assert schema["additionalProperties"] is False
    assert "until an admin unlocks" in json.dumps(schema)


@pytest.mark.django_db
def test_a_new_rule_makes_the_index_anew(tmp_path: Path) -> None:
    file = edited(
        tmp_path,
        ('without_npi = "code_in_both"', 'without_npi = "refuse"'),
        # Its test vectors follow the rule: a Medicaid ID is no NPI.
        (
            'expect = "accepted"\nentry = { identifier = "0012',
            'expect = "malformed"\nentry = { identifier = "0012',
        ),
        ('expect = "no_entry"', 'expect = "malformed"'),
    )
    said = run("contract", "apply", file)
    assert re.search(r"shared index made anew: [1-9]\d* fingerprints", said)


@pytest.mark.django_db
def test_what_is_exported_can_be_applied_again(tmp_path: Path) -> None:
    path = tmp_path / "exported.toml"
    path.write_text(run("contract", "export", "wv-bh"), encoding="utf-8")
    assert load_contract(path) == sample()
    assert "nothing changed" in run("contract", "apply", str(path))
    assert run("contract", "export", "wv-bh", "--revision", "1") == path.read_text("utf-8")
    assert "no such revision" in refusal("contract", "export", "wv-bh", "--revision", "9")
    assert "no contract" in refusal("contract", "history", "nobody")


@pytest.mark.django_db
def test_a_new_document_can_be_checked_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new-one.toml"
    path.write_text(run("contract", "new", "new-one"), encoding="utf-8")
    assert "ready to be planned" in run("contract", "check", str(path))
    assert "cannot be written" in refusal("contract", "new", "new-one", "--output", str(path))
    other = tmp_path / "other.toml"
    assert "Wrote" in run("contract", "new", "other-one", "--output", str(other))
    assert load_contract(other).contract.slug == "other-one"
    assert "address of a page" in refusal("contract", "new", "register")


@pytest.mark.django_db
def test_the_deployment_is_published_the_same_way(tmp_path: Path) -> None:
    assert "nothing changed" in run("deployment", "apply")
    name = ('name = "Provider portal"', 'name = "Portal of providers"')
    file = edited(tmp_path, name, source=DEPLOYMENT)
    assert "~ deployment.name" in run("deployment", "plan", file)
    assert "revision 2 published" in run("deployment", "apply", file)
    assert registry.get_deployment().deployment.name == "Portal of providers"
    assert len(run("deployment", "history").splitlines()) == 2
    assert parse_deployment(run("deployment", "export", "--revision", "1")) == load_deployment(
        DEPLOYMENT
    )
    assert "but revision 2 is published" in refusal(
        "deployment", "apply", str(DEPLOYMENT), "--base", "1"
    )
    assert "no such revision" in refusal("deployment", "export", "--revision", "9")


@pytest.mark.django_db
def test_a_broken_deployment_publishes_nothing(tmp_path: Path) -> None:
    file = edited(tmp_path, ("primary = true", "primary = false"), source=DEPLOYMENT)
    assert "Exactly one portal host is primary" in refusal("deployment", "apply", file)
    taken = edited(tmp_path, ("portal.kepro.com", "ms-um.providers.example"), source=DEPLOYMENT)
    assert "hosts_are_free" in refusal("deployment", "apply", taken)
    assert DeploymentRevision.objects.count() == 1


@pytest.mark.django_db
def test_identity_providers_are_seen_once_applied_and_stay_while_a_contract_names_them(
    tmp_path: Path,
) -> None:
    issuer = "https://sso.state.example.gov"
    staff = f'staff = {{ issuers = ["{issuer}"] }}\n'
    contract = tmp_path / "wv-bh.toml"
    contract.write_text(staff + (ROOT / "contracts/programs/wv-bh.toml").read_text("utf-8"))
    assert "issuers_are_known" in refusal("contract", "apply", str(contract))
    deployment = tmp_path / "deployment.toml"
    provider = (
        f'[[identity_providers]]\nname = "State"\nissuer = "{issuer}"\nclient_id = "portal"\n'
        'secret_variable = "STATE_LOGIN_SECRET"\nallowed_domains = ["example.gov"]\n'
    )
    deployment.write_text(f"{DEPLOYMENT.read_text('utf-8')}\n{provider}")
    assert f"+ identity_providers[{issuer}].client_id" in run("deployment", "plan", str(deployment))
    assert "revision 2 published" in run("deployment", "apply", str(deployment))
    assert [item.issuer for item in registry.get_deployment().identity_providers] == [issuer]
    assert "revision 2 published" in run("contract", "apply", str(contract))
    assert registry.get_contract("wv-bh").document.staff.issuers == (issuer,)
    assert "issuers_are_kept" in refusal("deployment", "apply", str(DEPLOYMENT))
