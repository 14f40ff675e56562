"""Keyed digests: bound to purpose, parts and key version."""

from unittest import mock

import pytest

from core.common import crypto
from tests.support.naive import fails_with


def test_a_digest_is_stable_and_32_bytes() -> None:
    first = crypto.keyed_digest("codes", "a", "b")
    assert first == crypto.keyed_digest("codes", "a", "b")
    assert len(first) == 32


def test_parts_are_not_merely_joined() -> None:
    assert crypto.keyed_digest("codes", "ab", "c") != crypto.keyed_digest("codes", "a", "bc")


def test_purposes_do_not_share_keys() -> None:
    assert crypto.keyed_digest("codes", "a") != crypto.keyed_digest("links", "a")


def test_an_old_key_still_checks_what_it_signed(settings: object) -> None:
    before = crypto.keyed_digest("codes", "a")
    old_version = crypto.current_key_version()
    settings.PORTAL_SECRET_KEYS = {**settings.PORTAL_SECRET_KEYS, old_version + 1: "n" * 40}  # type: ignore[attr-defined]
    assert crypto.current_key_version() == old_version + 1
    assert crypto.keyed_digest("codes", "a") != before
    assert crypto.keyed_digest("codes", "a", version=old_version) == before


def test_an_unknown_key_version_is_an_error() -> None:
    with pytest.raises(KeyError):
        crypto.keyed_digest("codes", "a", version=99)


def test_numeric_codes_keep_leading_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.common.crypto.secrets.randbelow", lambda limit: 42)
    assert crypto.new_numeric_code() == "000042"


def test_constant_time_equal_takes_text_and_bytes() -> None:
    assert crypto.constant_time_equal("abc", b"abc")
    assert not crypto.constant_time_equal("abc", "abd")


def test_a_sealed_secret_opens_for_its_owner_alone() -> None:
    sealed = crypto.seal("totp", b"secret", "account", "1")
    assert b"secret" not in sealed
    assert crypto.unseal("totp", sealed, "account", "1") == b"secret"
    for purpose, owner in (("totp", ("account", "2")), ("other", ("account", "1"))):
        with pytest.raises(crypto.SealBrokenError):
            crypto.unseal(purpose, sealed, *owner)
    with pytest.raises(crypto.SealBrokenError):
        crypto.unseal("totp", sealed, "account1", "")


def test_a_changed_seal_is_broken() -> None:
    sealed = bytearray(crypto.seal("totp", b"secret", "1"))
    sealed[-1] ^= 1
    for broken in (bytes(sealed), bytes(sealed[:8])):
        with pytest.raises(crypto.SealBrokenError):
            crypto.unseal("totp", broken, "1")


def test_the_same_secret_is_never_sealed_the_same_way() -> None:
    assert crypto.seal("totp", b"secret", "1") != crypto.seal("totp", b"secret", "1")


def test_an_older_key_opens_what_it_sealed(settings: object) -> None:
    sealed = crypto.seal("totp", b"secret", "1")
    old = crypto.current_key_version()
    keys = settings.PORTAL_SECRET_KEYS  # type: ignore[attr-defined]
    settings.PORTAL_SECRET_KEYS = {**keys, old + 1: "n" * 40}  # type: ignore[attr-defined]
    assert crypto.unseal("totp", sealed, "1") == b"secret"
    assert crypto.seal("totp", b"secret", "1")[:2] != sealed[:2]
    settings.PORTAL_SECRET_KEYS = {old + 1: "n" * 40}  # type: ignore[attr-defined]
    with pytest.raises(KeyError):
        crypto.unseal("totp", sealed, "1")


def secrets_are_handed_to_the_comparison_that_tells_nothing() -> None:
    """Not to `==`, which stops at the first difference."""
    with mock.patch("core.common.crypto.hmac.compare_digest", return_value=True) as compared:
        assert crypto.constant_time_equal("abc", b"abd")
    compared.assert_called_once_with(b"abc", b"abd")


def test_secrets_are_handed_to_the_comparison_that_tells_nothing() -> None:
    secrets_are_handed_to_the_comparison_that_tells_nothing()


def test_a_comparison_as_usual_is_another() -> None:
    """The naive way: equal is equal, and the time tells how much of it was."""
    fails_with(
        "core.common.crypto.constant_time_equal",
        lambda left, right: crypto._as_bytes(left) == crypto._as_bytes(right),
        secrets_are_handed_to_the_comparison_that_tells_nothing,
        where='assert crypto.constant_time_equal("abc", b"abd")',
    )
