"""A contract's complete data: written into a file, and restored where there is none of it."""

import json
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.test import Client, TransactionTestCase

from contracts.console.data.manifest import DataFileError, read_manifest
from contracts.console.data.reading import restore_data
from contracts.console.data.writing import write_data
from contracts.console.services.publishing import publish
from contracts.roster.models import RosterEntry
from core.accounts.models import ImportedAccount, User
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.models import Membership, Provider
from tenants import registry
from tenants.context import contract_context
from tenants.models import Contract, LogoImage
from tenants.states import ContractState
from tests.integration.configuration.test_commands import refusal, run
from tests.support.logos import naming, stored_logo
from tests.support.people import make_person, make_provider
from tests.unit.configuration.documents import changed, sample

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
SLUG = "new-state"
ROSTER = Path(__file__).parents[3] / "contracts" / "programs" / "rosters" / "wv-bh.csv"


def nothing(_label: str, _rows: int) -> None:
    """Take no note of the progress."""


@pytest.fixture
def program() -> None:
    """Publish a contract that the template does not have, with a roster, people and providers."""
    fields: dict[str, Any] = {"contract__slug": SLUG, "hosts__primary": None, "hosts__aliases": []}
    document = changed(sample(), **fields, **naming(stored_logo()))
    publish(document=document, base=None, by=None, at=clock.now())
    run("roster", "import", SLUG, str(ROSTER))
    contract = registry.get_contract(SLUG)
    head = make_person("head", phone="+13045550111")
    make_provider(head, contract)
    # PostgreSQL writes truth as one letter, which may be a name as well.
    odd = {"first_name": "t", "last_name": 'O\'Hara, "née" Żuk\nline', "fax": ""}
    User.objects.filter(pk=head.pk).update(**odd)


def written(tmp_path: Path, name: str = "one.zip") -> Path:
    path = tmp_path / name
    write_data(
        contract=registry.get_configured(SLUG), path=path, by=None, at=clock.now(), progress=nothing
    )
    return path


def elsewhere() -> None:
    """Go on in another deployment: the tests' database as it is before a test."""
    TransactionTestCase()._fixture_teardown()  # type: ignore[attr-defined]


def tables(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if "tables/" in name}


def test_what_is_restored_elsewhere_is_the_same_to_the_byte(program: None, tmp_path: Path) -> None:
    before = tables(written(tmp_path))
    entries = before["tables/contracts_roster.rosterentry.csv"].count(b"\n")
    assert entries > 200
    elsewhere()
    assert not Contract.objects.filter(slug=SLUG).exists()
    assert not LogoImage.objects.exists()
    contract = restore_data(path=tmp_path / "one.zip", by=None, at=clock.now(), progress=nothing)
    assert contract.state == ContractState.SUSPENDED
    after = tables(written(tmp_path, "two.zip"))
    events = "tables/core_audit.auditevent.csv"
    assert after.pop(events).startswith(before.pop(events)[:2000])  # and those of the restoring
    assert after == before
    assert LogoImage.objects.count() == 1


def test_the_restored_contract_works_once_it_is_resumed(program: None, tmp_path: Path) -> None:
    written(tmp_path)
    elsewhere()
    stored_logo()  # another contract there has the same
    assert "suspended" in run("contract_data", "restore", str(tmp_path / "one.zip"))
    assert Client().get(f"/{SLUG}/").status_code == 503
    Contract.objects.filter(slug=SLUG).update(state=ContractState.READY)
    registry.announce()
    assert Client().get(f"/{SLUG}/").status_code == 200
    head = User.objects.get(username="head")
    assert not head.has_usable_password()
    assert ImportedAccount.objects.filter(user=head).exists()
    assert Membership.objects.filter(user=head).exists()
    assert Provider.objects.filter(contract__slug=SLUG).exists()
    with contract_context(registry.get_contract(SLUG)):
        assert RosterEntry.objects.count() > 200


def test_no_secret_of_a_person_stands_in_the_file(program: None, tmp_path: Path) -> None:
    head = User.objects.get(username="head")
    with zipfile.ZipFile(written(tmp_path)) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert head.password.encode() not in everything
    assert b"argon2" not in everything
    assert head.email.encode() in everything


def test_a_contract_that_is_there_is_not_written_over(program: None, tmp_path: Path) -> None:
    path = written(tmp_path)
    entries = Contract.objects.count()
    assert "here already" in refusal("contract_data", "restore", str(path))
    elsewhere()
    make_person("head")
    with pytest.raises(DataFileError, match="does not fit"):
        restore_data(path=path, by=None, at=clock.now(), progress=nothing)
    assert Provider.objects.filter(contract__slug=SLUG).count() == 0
    User.objects.filter(username="head").update(email="o@example.org", username="o")
    restore_data(path=path, by=None, at=clock.now(), progress=nothing)
    assert Contract.objects.count() == entries


@pytest.mark.parametrize("damage", ["cut", "changed", "lacking", "text"])
def test_a_damaged_file_is_refused_and_changes_nothing(
    program: None, tmp_path: Path, damage: str
) -> None:
    path = written(tmp_path)
    broken = tmp_path / "broken.zip"
    _damage(path, broken, damage)
    elsewhere()
    with pytest.raises(CommandError, match="no data file of a contract, or not whole"):
        run("contract_data", "restore", str(broken))
    assert "no data file" in refusal("contract_data", "verify", str(broken))
    assert not Contract.objects.filter(slug=SLUG).exists()


def _damage(path: Path, broken: Path, damage: str) -> None:
    if damage == "cut":
        broken.write_bytes(path.read_bytes()[:-500])
    elif damage == "text":
        broken.write_text("{{7*7}}")
    else:
        with zipfile.ZipFile(path) as archive, zipfile.ZipFile(broken, "w") as other:
            for name in archive.namelist():
                content = archive.read(name)
                if name.endswith("tenants.host.csv") or damage == "changed":
                    if damage == "lacking":
                        continue
                    content = content.replace(b"head@clinic.example", b"evil@clinic.example")
                other.writestr(name, content)


def test_a_file_of_another_version_is_refused(program: None, tmp_path: Path) -> None:
    path = written(tmp_path)
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(other, "w") as changed_file:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "manifest.json":
                content = content.replace(b'"core_groups": "00', b'"core_groups": "99')
            changed_file.writestr(name, content)
    with pytest.raises(DataFileError, match="another version of the portal"):
        restore_data(path=other, by=None, at=clock.now(), progress=nothing)


def tampered(path: Path, label: str, old: bytes, new: bytes) -> Path:
    """Return a file like another, but for a piece of a table, with checksums that fit."""
    other = path.with_name("tampered.zip")
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(other, "w") as made:
        manifest = json.loads(archive.read("manifest.json"))
        facts = manifest["files"].get(label, {"file": "manifest.json"})
        for name in archive.namelist():
            content = archive.read(name)
            if name == facts["file"]:
                assert old in content
                content = content.replace(old, new)
                facts["sha256"] = sha256(content).hexdigest()
            if name != "manifest.json":
                made.writestr(name, content)
        text = json.dumps(manifest).encode()
        made.writestr("manifest.json", text.replace(old, new) if not label else text)
    return other


def test_rows_that_are_not_the_contracts_never_come_in(program: None, tmp_path: Path) -> None:
    path, known = written(tmp_path), Contract.objects.get(slug=SLUG)
    elsewhere()
    other, before = Contract.objects.get(slug="wv-bh"), AuditEvent.objects.count()
    own, theirs, schema = str(known.id), str(other.id), known.schema_name
    for label, old, new, said in (
        ("core_audit.auditevent", own, theirs, "not this contract's"),
        ("core_accounts.contractaccess", own, theirs, "not this contract's"),
        ("core_accounts.user", "id,username", "is_staff_member,username", "columns"),
        ("core_accounts.user", "head@clinic.example", 'x","y', "fit"),
        ("tenants.contractrevision", f'""slug"": ""{SLUG}""', '""slug"": ""ms-um""', "another"),
        ("", schema, other.schema_name, "no contract that could be here"),
        ("", schema, "public", "no contract that could be here"),
        ("", f'"slug": "{SLUG}"', '"slug": "staff"', "no contract that could be here"),
        ("", own, "../../etc", "no contract that could be here"),
    ):
        file = tampered(path, label, old.encode(), new.encode())
        with pytest.raises(DataFileError, match=said):
            restore_data(path=file, by=None, at=clock.now(), progress=nothing)
        assert AuditEvent.objects.count() == before
        assert not User.objects.filter(username="head").exists()
        assert registry.find_contract(SLUG) is None
    restore_data(path=path, by=None, at=clock.now(), progress=nothing)


@pytest.mark.parametrize(
    "manifest",
    [
        b"[]",
        b"{}",
        b'{"files": []}',
        b'{"files": {"x": 1}}',
        b"[" * 200_000,
        b"\xff",
        b'{"a": "' + b"x" * 20_000_000 + b'"}',
    ],
    ids=["list", "empty", "files", "facts", "deep", "octets", "bomb"],
)
def test_a_manifest_of_another_shape_is_refused_in_little_memory(
    tmp_path: Path, manifest: bytes
) -> None:
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", manifest)
    with pytest.raises(DataFileError, match="no data file of a contract"):
        read_manifest(path)


@pytest.mark.parametrize(("place", "value"), [(6, 1), (8, 99)], ids=["sealed", "packed"])
def test_a_file_that_is_sealed_or_packed_in_another_way_is_refused(
    tmp_path: Path, place: int, value: int
) -> None:
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", b"{}")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x03\x04") + place] = value
    content[content.index(b"PK\x01\x02") + place + 2] = value
    path.write_bytes(bytes(content))
    with pytest.raises(DataFileError, match="no data file of a contract"):
        read_manifest(path)


def test_the_command_writes_checks_and_names_what_it_wrote(program: None, tmp_path: Path) -> None:
    path = tmp_path / "data.zip"
    told = run("contract_data", "export", SLUG, str(path))
    assert "contracts_roster.rosterentry" in told
    assert "whole" in run("contract_data", "verify", str(path))
    assert read_manifest(path).contract["slug"] == SLUG
    assert AuditEvent.objects.filter(event_type="contract_data.exported").count() == 1
    assert not path.with_name("data.zip.part").exists()
    assert "is there already" in refusal("contract_data", "export", SLUG, str(path))
