"""Documents in a pipeline: create, roll back, compare, answers for programs, exit codes."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client

from contracts.console.management.commands import contract
from contracts.console.outcomes import Exit, RefusedError
from tenants import registry
from tenants.configuration import publishing
from tenants.configuration.loading import parse_contract
from tenants.configuration.schema import contract_schema
from tenants.models import Contract, ContractRevision, Host
from tenants.provisioning import ProvisioningError
from tenants.states import ContractState
from tests.integration.configuration.test_commands import edited, refusal, run
from tests.unit.configuration.documents import PROGRAMS, ROOT, sample

FEWER = ("lock_failures = 3", "lock_failures = 2")


def answer(*arguments: str) -> Any:
    """Return what an action tells a program, whether or not it was refused."""
    out = StringIO()
    try:
        call_command(*arguments, "--json", stdout=out)
    except RefusedError as error:
        told = json.loads(out.getvalue())
        assert told["error"]["message"] == str(error)
        return {**told, "returncode": error.returncode}
    return json.loads(out.getvalue())


def exit_code(*arguments: str) -> int:
    """Return how an action ends that looks for a difference."""
    try:
        run(*arguments, "--exit-code")
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.mark.django_db
def test_an_earlier_revision_is_published_again(tmp_path: Path) -> None:
    run("contract", "apply", edited(tmp_path, FEWER))
    planned = run("contract", "rollback", "wv-bh", "1", "--dry-run")
    assert "~ accounts.lock_failures: 2 -> 3" in planned
    assert ContractRevision.objects.filter(contract__slug="wv-bh").count() == 2
    assert "wv-bh: revision 3 published" in run("contract", "rollback", "wv-bh", "1")
    assert registry.get_contract("wv-bh").document == sample()
    assert "Rolled back to revision 1" in run("contract", "history", "wv-bh").splitlines()[0]
    assert "nothing changed" in run("contract", "rollback", "wv-bh", "1")
    assert "no such revision" in refusal("contract", "rollback", "wv-bh", "9")
    assert "no such revision" in refusal("contract", "rollback", "nobody", "1")


@pytest.mark.django_db
def test_files_contracts_and_revisions_are_compared(tmp_path: Path) -> None:
    file = edited(tmp_path, FEWER)
    changed = "~ accounts.lock_failures: 3 -> 2"
    assert changed in run("contract", "diff", file)
    assert changed in run("contract", "diff", "wv-bh", file)
    run("contract", "apply", file)
    assert changed in run("contract", "diff", "wv-bh@1", "wv-bh@2")
    assert "no difference" in run("contract", "diff", file)
    assert "~ contract.slug" in run("contract", "diff", "wv-bh", "ms-um")
    assert "no such revision" in refusal("contract", "diff", "wv-bh@7")
    assert "a revision is a number" in refusal("contract", "diff", "wv-bh@one")


@pytest.mark.django_db
def test_a_pipeline_sees_by_the_exit_code_whether_there_is_a_difference(tmp_path: Path) -> None:
    file = edited(tmp_path, FEWER)
    assert exit_code("contract", "plan", file) == Exit.CHANGES
    assert exit_code("contract", "diff", file) == Exit.CHANGES
    run("contract", "apply", file)
    assert exit_code("contract", "plan", file) == exit_code("contract", "diff", file) == 0


@pytest.mark.django_db
def test_every_action_answers_programs_in_one_object(tmp_path: Path) -> None:
    file = edited(tmp_path, FEWER)
    assert answer("contract", "check", file)["results"] == [
        {"file": file, "name": "wv-bh", "action": "check"}
    ]
    (plan,) = answer("contract", "plan", file)["results"]
    assert plan["changes"] == [{"field": "accounts.lock_failures", "before": 3, "after": 2}]
    assert (plan["base"], plan["is_new"], plan["stricter"]) == (
        1,
        False,
        ["accounts.lock_failures"],
    )
    for changed in (True, False):
        (applied,) = answer("contract", "apply", file)["results"]
        assert (applied["action"], applied["revision"], applied["changed"]) == ("apply", 2, changed)
    (back,) = answer("contract", "rollback", "wv-bh", "1")["results"]
    assert (back["action"], back["revision"]) == ("rollback", 3)
    (diff,) = answer("contract", "diff", "wv-bh@2", "wv-bh@3")["results"]
    assert diff["changes"] == [{"field": "accounts.lock_failures", "before": 2, "after": 3}]
    (history,) = answer("contract", "history", "wv-bh")["results"]
    assert [one["revision"] for one in history["revisions"]] == [3, 2, 1]
    (exported,) = answer("contract", "export", "wv-bh")["results"]
    assert exported["document"]["accounts"]["lock_failures"] == 3
    (new,) = answer("contract", "new", "new-one")["results"]
    assert parse_contract(new["text"]).contract.slug == "new-one"
    assert answer("deployment", "export")["ok"]
    assert [one["revision"] for one in answer("deployment", "history")["results"][0]["revisions"]]


@pytest.mark.django_db
def test_a_refusal_says_file_line_field_and_gate(tmp_path: Path) -> None:
    wrong = answer("contract", "check", edited(tmp_path, ('state = "WV"', 'state = "Wv"')))
    assert (wrong["ok"], wrong["returncode"]) == (False, Exit.REFUSED)
    (problem,) = wrong["error"]["problems"]
    assert problem["field"] == "contract.state"
    assert problem["line"] > 1
    late = answer(
        "contract", "check", edited(tmp_path, ("until = 2028-12-31", "until = 2020-12-31"))
    )
    assert [one["gate"] for one in late["error"]["problems"]] == ["waivers_are_current"]
    file = edited(tmp_path, FEWER)
    run("contract", "apply", file)
    other = edited(tmp_path, ("remember_hours = 4", "remember_hours = 2"))
    meanwhile = answer("contract", "apply", other, "--base", "1")
    assert meanwhile["returncode"] == Exit.MEANWHILE
    assert meanwhile["error"]["published"] == 2
    assert [one["field"] for one in meanwhile["error"]["changes"]] == ["accounts.lock_failures"]
    assert answer("contract", "apply", other, file, "--base", "1")["returncode"] == Exit.USAGE


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_new_contract_is_made_once_and_what_it_exports_makes_the_same(tmp_path: Path) -> None:
    path = tmp_path / "new-one.toml"
    run("contract", "new", "new-one", "--output", str(path))
    assert "new-one: revision 1 published" in run("contract", "create", str(path))
    assert Client().get("/new-one/").status_code == 200
    assert "there is a contract new-one" in refusal("contract", "create", str(path))
    text = run("contract", "export", "new-one")
    # A deployment that has no such contract: the same document, byte by byte
    again = tmp_path / "again.toml"
    again.write_text(text.replace('slug = "new-one"', 'slug = "new-two"'), encoding="utf-8")
    run("contract", "create", str(again))
    assert run("contract", "export", "new-two") == again.read_text("utf-8")


@pytest.mark.django_db
def test_what_is_exported_makes_the_same_bytes_in_an_empty_deployment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported = {path.stem: run("contract", "export", path.stem) for path in PROGRAMS}
    Host.objects.all().delete()
    gone = Concat(Value("gone-"), "slug"), Concat("schema_name", Value("_gone"))
    Contract.objects.update(slug=gone[0], schema_name=gone[1], state=ContractState.ARCHIVED)
    registry.forget()
    monkeypatch.setattr(publishing, "ensure_schema", lambda contract: None)  # no part of a document
    for slug, text in exported.items():
        file = tmp_path / f"{slug}.toml"
        file.write_text(text, encoding="utf-8")
        (made,) = answer("contract", "create", str(file))["results"]
        assert (made["revision"], made["changed"]) == (1, True)
        assert run("contract", "export", slug) == text
        assert exit_code("contract", "plan", str(file)) == 0


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_new_contract_leaves_to_another_what_its_document_does_not_say(tmp_path: Path) -> None:
    own = tmp_path / "new-one.toml"
    assert "no such revision" in refusal("contract", "new", "new-one", "--from", "ms-um@9")
    today = parse_contract(run("contract", "new", "new-one")).terms[0].effective_on
    own.write_text(
        f'[contract]\nslug = "new-one"\nname = "New"\nprogram = "New program"\nstate = "OH"\n'
        f'agency = "Agency"\ntime_zone = "America/New_York"\n\n[brand]\ncolor = "#004d40"\n\n'
        f'[[terms]]\nversion = "1"\neffective_on = {today}\n'
        f'text = "Terms."\n[terms.party]\nlegal_name = "New, Inc."\naddress = "Columbus"\n',
        encoding="utf-8",
    )
    # Exceptions of another program are not taken over: somebody has to stand for them anew
    assert "List a waiver" in refusal("contract", "create", str(own), "--from", "ms-um")
    waivers = sample("ms-um").waivers
    with own.open("a", encoding="utf-8") as stream:
        for one in waivers:
            stream.write(f'[[waivers]]\nrule = "{one.rule}"\nreason = "So."\nuntil = {one.until}\n')
    assert "revision 1 published" in run("contract", "create", str(own), "--from", "ms-um")
    made = registry.get_contract("new-one").document
    assert made.registration == sample("ms-um").registration
    assert (made.brand.color, made.brand.organization) == ("#004d40", "Kepro")
    assert (made.hosts.primary, made.terms[0].party.legal_name) == (None, "New, Inc.")
    assert Contract.objects.filter(slug="new-one").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("preset", ["default", "documented", "cms-high"])
def test_a_new_document_begins_with_a_preset_and_names_its_exceptions(
    tmp_path: Path, preset: str
) -> None:
    path = tmp_path / "new-one.toml"
    run("contract", "new", "new-one", "--from-preset", preset, "--output", str(path))
    assert "ready to be planned" in run("contract", "check", str(path))
    made = parse_contract(path.read_text("utf-8"))
    assert bool(made.waivers) is (preset == "documented")
    assert made.accounts.lock_failures == (5 if preset == "default" else 3)


def ended(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """Run an action as the process does; returns its exit code and what it told a program."""
    with (
        mock.patch("django.core.management.base.connections"),  # the test goes on with them
        pytest.raises(SystemExit) as end,
    ):
        contract.Command().run_from_argv(["manage.py", "contract", *arguments])
    return int(end.value.code or 0), json.loads(capsys.readouterr().out or "null")


REFUSED = {
    "check": (["none.toml"], "configuration_document_invalid"),
    "plan": (["none.toml"], "configuration_document_invalid"),
    "apply": (["none.toml"], "configuration_document_invalid"),
    "create": (["wv-bh", "--from-preset", "cms-high"], "contract_exists"),
    "rollback": (["wv-bh", "9"], "no_such_revision"),
    "diff": (["wv-bh@9"], "no_such_revision"),
    "export": (["nobody"], "no_such_revision"),
    "history": (["nobody"], "no_such_contract"),
    "hosts": (["nobody"], "no_such_contract"),
    "logo": (["none.png"], "logo_refused"),
    "new": (["register"], "no_such_slug"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("action", REFUSED)
def test_every_action_that_is_refused_ends_with_one_and_says_why(
    action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, code = REFUSED[action]
    returncode, told = ended(capsys, action, *arguments, "--json")
    assert returncode == Exit.REFUSED
    assert (told["ok"], told["results"], told["error"]["code"]) == (False, [], code)
    assert told["error"]["message"]
    assert ended(capsys, action, *arguments) == (Exit.REFUSED, None)  # to people, beside the answer
    assert ended(capsys, action, *arguments, "--no-such-option")[0] == Exit.USAGE


@pytest.mark.django_db
def test_interrupted_provisioning_has_an_exit_code_and_the_same_command_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new-one.toml"
    run("contract", "new", "new-one", "--output", str(path))
    monkeypatch.setattr(publishing, "ensure_schema", mock.Mock(side_effect=ProvisioningError("No")))
    returncode, told = ended(capsys, "create", str(path), "--json")
    assert (returncode, told["error"]["code"]) == (Exit.UNFINISHED, "provisioning_unfinished")
    monkeypatch.setattr(publishing, "ensure_schema", lambda contract: None)
    (made,) = answer("contract", "create", str(path))["results"]
    assert (made["revision"], made["changed"]) == (1, True)


def test_the_exit_codes_are_those_of_the_how_to() -> None:
    text = (ROOT / "docs" / "howto" / "configure-as-code.md").read_text("utf-8")
    said = re.findall(r"^\| (\d) \| ", text, re.MULTILINE)
    assert [int(code) for code in said] == [0, *Exit]


def test_every_action_is_among_those() -> None:
    parser = contract.Command().create_parser("manage.py", "contract")
    (actions,) = (one.choices for one in parser._actions if one.dest == "action")
    assert set(actions or ()) == {*REFUSED, "schema"}  # which cannot be refused


@pytest.mark.django_db
def test_the_schema_is_kept_and_served_as_it_is(client: Client) -> None:
    kept = (ROOT / "docs" / "contract.schema.json").read_text("utf-8")
    assert kept == contract_schema() + "\n", "python manage.py contract schema > docs/…"
    served = client.get("/schemas/contract.json")
    assert served.content.decode() == contract_schema()
    assert served.headers["Content-Type"] == "application/schema+json"
