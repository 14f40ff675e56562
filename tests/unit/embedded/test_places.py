"""The local addresses are a pure function of the state folder."""

import os
from pathlib import Path

import pytest

from config import embedded
from config.databases import database

LONGEST_SOCKET_PATH = 107


def test_the_state_folder_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_STATE", "/srv/portal")
    assert embedded.state_folder() == Path("/srv/portal")
    assert embedded.test_state_folder() == Path("/srv/portal/test")


def test_without_a_choice_the_state_lies_in_the_repository(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PORTAL_STATE", raising=False)
    assert embedded.state_folder().name == ".local"


def test_asking_for_addresses_makes_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    embedded.addresses(state)
    assert not state.exists()


def test_owner_and_application_log_in_apart() -> None:
    urls = embedded.addresses(Path("/srv/portal"), database="other")
    owner, application = database(urls.owner_url), database(urls.application_url)
    assert (owner["USER"], application["USER"]) == ("portal_owner", "portal_app")
    assert owner["NAME"] == application["NAME"] == "other"
    assert application["HOST"] == "/srv/portal/sockets"


def test_cache_and_broker_do_not_share_a_database() -> None:
    urls = embedded.addresses(Path("/srv/portal"), redis_database=4)
    assert urls.redis_url == "unix:///srv/portal/sockets/redis.sock?db=4"
    assert urls.broker_url == "redis+socket:///srv/portal/sockets/redis.sock?virtual_host=5"


@pytest.mark.parametrize("length", [10, 80, 90, 120, 300])
def test_socket_paths_stay_short_enough(length: int) -> None:
    here = embedded.places(Path("/" + "d" * length))
    longest = here.sockets / ".s.PGSQL.5432.lock"
    assert len(os.fsencode(longest)) <= LONGEST_SOCKET_PATH


def test_two_long_folders_have_two_socket_folders() -> None:
    first, second = (embedded.places(Path("/" + letter * 200)) for letter in "ab")
    assert first.sockets != second.sockets
