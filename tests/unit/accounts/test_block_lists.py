"""Lists of passwords that nobody may choose: found where they stand, in files of any size."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from core.accounts.checks import check_block_lists
from core.accounts.passwords.hash_lists import (
    HashList,
    HashListError,
    check_list,
    hash_of,
    hashes_of_passwords,
    write_list,
)
from core.accounts.passwords.rules import PasswordRules, broken_rules

RULES = PasswordRules(min_length=14)
BREACHED = "Hazel-lamps-and-Rivers-9"


def problems_of(password: str) -> str:
    return " ".join(broken_rules(password, rules=RULES, words=()))


@pytest.fixture
def lists(tmp_path: Path, settings: Settings) -> Path:
    settings.PORTAL_COMMON_PASSWORDS = tmp_path / "common.txt"
    settings.PORTAL_BREACHED_PASSWORDS = str(tmp_path / "breached.txt")
    write_list(tmp_path / "common.txt", hashes_of_passwords(["marigoldfarm"]))
    write_list(tmp_path / "breached.txt", hashes_of_passwords([BREACHED, "hazelnut-and-more"]))
    return tmp_path


@pytest.mark.parametrize("size", [1, 2, 3, 49, 50, 51, 3000])
@pytest.mark.parametrize("after", [b"", b":1", b":1234567\r"])
def test_each_is_found_and_nothing_else(tmp_path: Path, size: int, after: bytes) -> None:
    passwords = [f"password {number}" for number in range(size)]
    path = tmp_path / "list.txt"
    path.write_bytes(b"".join(line + after + b"\n" for line in hashes_of_passwords(passwords)))
    found = HashList(path)
    assert check_list(path).passwords == size
    assert all(password in found for password in passwords)
    assert not any(f"{password}!" in found for password in passwords)
    assert not found.has_hash(b"0" * 40)
    assert not found.has_hash(b"F" * 40)


def test_a_list_without_its_last_end_of_line_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(b"\n".join(hashes_of_passwords(["one", "two"])))
    assert "one" in HashList(path)
    assert "two" in HashList(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "does not begin"),
        (b"<html>", "does not begin"),
        (b"a" * 40 + b"\n", "does not begin"),
        (b"B" * 40 + b"\n" + b"A" * 40 + b"\n", "Line 2 is not sorted"),
        (b"A" * 40 + b"\n" + b"A" * 40 + b"\n", "stands there twice"),
        (b"A" * 40 + b":2\n\n", "Line 2 is no upper-case"),
    ],
)
def test_what_is_no_list_is_refused_with_its_place(
    tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "list.txt").write_bytes(content)
    with pytest.raises(HashListError, match=said):
        check_list(tmp_path / "list.txt")


def test_a_common_one_is_refused_with_whatever_tail(lists: Path, settings: Settings) -> None:
    for password in ("Marigoldfarm!2031", "M4rig0ldfarm-99", "marigoldfarmmarigoldfarm"):
        assert "list of common ones" in problems_of(password)
    settings.PORTAL_COMMON_PASSWORDS = lists / "none"
    assert problems_of("Marigoldfarm!2031") == ""


def test_a_breached_one_is_refused_as_it_is_and_nothing_made_of_it(lists: Path) -> None:
    assert "known from a data breach" in problems_of(BREACHED)
    assert "known from a data breach" in problems_of("Hazelnut-and-MORE")
    assert problems_of(f"{BREACHED}-and-17-lanterns") == ""


def test_a_deployment_hears_of_a_list_that_is_not_right(lists: Path, settings: Settings) -> None:
    assert check_block_lists() == []
    settings.PORTAL_COMMON_PASSWORDS = lists / "none"
    assert [one.id for one in check_block_lists()] == ["core_accounts.W001"]
    settings.PORTAL_BREACHED_PASSWORDS = str(lists / "nowhere")
    assert [one.id for one in check_block_lists()] == ["core_accounts.E001"]
    with pytest.raises(HashListError):
        problems_of(BREACHED)


def test_the_command_checks_and_builds(lists: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ranges = lists / "ranges"
    ranges.mkdir()
    for password, seen in ((BREACHED, 12), ("seen twice", 2), ("never, to fill up", 0)):
        digest = hash_of(password).decode()
        with (ranges / f"{digest[:5]}.txt").open("a") as file:
            file.write(f"{digest[5:]}:{seen}\r\n")
    target = lists / "built.txt"
    call_command("passwords", "build", str(ranges), str(target))
    assert check_list(target).passwords == 2
    assert "seen twice" in HashList(target)
    call_command("passwords", "build", str(target), str(lists / "often.txt"), "--at-least", "10")
    call_command("passwords", "check", str(lists / "often.txt"))
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"{lists / 'often.txt'}: 1 password")
    assert BREACHED in HashList(lists / "often.txt")
    target.write_bytes(b"not a list")
    with pytest.raises(CommandError, match="does not begin"):
        call_command("passwords", "check", str(target))
