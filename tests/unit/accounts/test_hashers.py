"""The hash and its gate."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher

from core.accounts.passwords.hashers import (
    HashGate,
    HashingBusyError,
    PortalArgon2Hasher,
    places_of_this_process,
)
from tests.support.naive import fails_with


def test_argon2id_with_the_fixed_parameters() -> None:
    encoded = PortalArgon2Hasher().encode("Blue-lantern 47 rivers", "saltsaltsalt")
    assert encoded.startswith("argon2$argon2id$v=19$m=47104,t=1,p=1$")
    assert PortalArgon2Hasher().verify("Blue-lantern 47 rivers", encoded)
    assert not PortalArgon2Hasher().verify("Blue-lantern 47 river", encoded)


def test_a_full_queue_refuses_at_once() -> None:
    # Another thread's: this one holds its place already. A slot is free, so that nothing but the
    # full queue can refuse.
    gate = HashGate(slots=2, places=1, patience_seconds=5)
    with gate.slot(), ThreadPoolExecutor(1) as pool, pytest.raises(HashingBusyError):
        pool.submit(gate.slot().__enter__).result()


def test_a_slow_queue_refuses_in_the_end() -> None:
    gate = HashGate(slots=1, places=2, patience_seconds=0.01)
    with gate.slot(), pytest.raises(HashingBusyError), gate.slot():
        pytest.fail("two hashes at once")


def test_never_more_at_once_than_slots_and_everybody_gets_an_answer() -> None:
    gate = HashGate(slots=2, places=32, patience_seconds=10)
    lock = threading.Lock()
    present, most = 0, 0

    def hash_once(_place: int) -> None:
        nonlocal present, most
        with gate.slot():
            with lock:
                present += 1
                most = max(most, present)
            threading.Event().wait(0.005)
            with lock:
                present -= 1

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(hash_once, range(30)))
    assert most == 2


def test_a_slot_is_given_back_after_an_error() -> None:
    gate = HashGate(slots=1, places=1, patience_seconds=1)
    with pytest.raises(ValueError, match="broken"), gate.slot():
        raise ValueError("broken")
    with gate.slot():
        pass


def test_half_of_the_threads_never_wait_for_a_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    for threads, places in (("1", 1), ("4", 2), ("8", 4)):
        monkeypatch.setenv("WEB_THREADS", threads)
        assert places_of_this_process() == places


def test_one_place_does_for_all_hashes_of_a_thread() -> None:
    gate = HashGate(slots=1, places=1, patience_seconds=1)
    with gate.place():
        for _ in range(2):
            with gate.slot():
                pass
        with ThreadPoolExecutor(1) as pool, pytest.raises(HashingBusyError):
            pool.submit(gate.slot().__enter__).result()
    with gate.place():
        pass


@contextmanager
def _at_once(_gate: HashGate) -> Iterator[None]:
    yield


@pytest.mark.parametrize(
    ("replaced", "naive", "check", "where"),
    [
        (
            "PortalArgon2Hasher.memory_cost",
            Argon2PasswordHasher.memory_cost,
            test_argon2id_with_the_fixed_parameters,
            "assert encoded.startswith(",
        ),
        (
            "HashGate.slot",
            _at_once,
            test_never_more_at_once_than_slots_and_everybody_gets_an_answer,
            "assert most == 2",
        ),
        (
            "HashGate.place",
            _at_once,
            test_a_full_queue_refuses_at_once,
            "pytest.raises(HashingBusyError)",
        ),
    ],
)
def test_djangos_figures_and_no_gate_would_not_do(
    replaced: str, naive: object, check: Callable[[], None], where: str
) -> None:
    """The naive way: Django's own figures; as many hashes as threads; a queue without an end."""
    fails_with(f"core.accounts.passwords.hashers.{replaced}", naive, check, where=where)
