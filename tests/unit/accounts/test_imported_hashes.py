"""Hashes of earlier portals: which forms are taken, which are not, and what they accept."""

import base64
import hashlib

import argon2
import bcrypt
import pytest
from django.contrib.auth.hashers import (
    Argon2PasswordHasher,
    BCryptPasswordHasher,
    BCryptSHA256PasswordHasher,
    PBKDF2PasswordHasher,
    PBKDF2SHA1PasswordHasher,
)

from core.accounts.passwords.imported_hashes import HashRefusedError, read_hash

PASSWORD = "old portal 1999 ä"


class QuickBCrypt(BCryptPasswordHasher):
    rounds = 4


class QuickBCryptSHA256(BCryptSHA256PasswordHasher):
    rounds = 4


def raw_bcrypt(variant: str) -> str:
    made = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    return made.replace("$2b$", f"${variant}$")


def passlib_pbkdf2() -> str:
    """Return passlib's form, whose salt is bytes and whose base64 has a dot for the plus."""
    salt = b"\xfb\xef\x00salt\xff"
    key = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt, 1000)

    def adapted(data: bytes) -> str:
        return base64.b64encode(data).decode().rstrip("=").replace("+", ".")

    return f"$pbkdf2-sha256$1000${adapted(salt)}${adapted(key)}"


def phc_argon2() -> str:
    return argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


FORMS = {
    "Django's PBKDF2": PBKDF2PasswordHasher().encode(PASSWORD, "saltsalt", 1000),
    "Django's PBKDF2 with SHA-1": PBKDF2SHA1PasswordHasher().encode(PASSWORD, "saltsalt", 1000),
    "Django's bcrypt": QuickBCrypt().encode(PASSWORD, QuickBCrypt().salt()),
    "Django's bcrypt of SHA-256": QuickBCryptSHA256().encode(PASSWORD, QuickBCryptSHA256().salt()),
    "Django's Argon2": Argon2PasswordHasher().encode(PASSWORD, "saltsaltsalt"),
    "bcrypt 2a": raw_bcrypt("2a"),
    "bcrypt 2b": raw_bcrypt("2b"),
    "bcrypt of PHP": raw_bcrypt("2y"),
    "Argon2": phc_argon2(),
    "passlib's PBKDF2": passlib_pbkdf2(),
    "PBKDF2 in PHC form": passlib_pbkdf2().replace("$1000$", "$i=1000$"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_is_taken_accepts_its_password_alone(form: str) -> None:
    stored = read_hash(FORMS[form])
    assert stored.fits(PASSWORD)
    assert not stored.fits(PASSWORD + "x")
    assert not stored.fits("")
    assert stored.family


@pytest.mark.parametrize(
    "text",
    [
        "plain text",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
        "{SSHA}c2FsdHNhbHRzYWx0",
        "$1$salt$hash",
        "$2b$31$" + "a" * 53,
        "$2b$12$tooshort",
        "pbkdf2_sha256$999$salt$" + base64.b64encode(b"k" * 32).decode(),
        "pbkdf2_sha256$2000001$salt$" + base64.b64encode(b"k" * 32).decode(),
        "pbkdf2_sha256$1000$salt$" + base64.b64encode(b"k" * 31).decode(),
        "pbkdf2_sha256$1000$salt$A",
        "$argon2id$v=19$m=999999999,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
        "$argon2id$v=19$m=64,t=99,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
        "$argon2id$nonsense",
        "$2b$12$" + "a" * 300,
    ],
)
def test_what_is_not_taken_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(HashRefusedError) as caught:
        read_hash(text)
    assert text not in str(caught.value)
    assert str(caught.value).endswith((".", "mail."))


def test_bcrypt_reads_seventy_two_bytes_as_every_system_did() -> None:
    long = "x" * 80
    made = bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(4)).decode()
    assert read_hash(made).fits(long)


def test_two_of_one_family_cost_the_same_and_others_have_another_name() -> None:
    assert read_hash(raw_bcrypt("2a")).family == read_hash(raw_bcrypt("2y")).family
    families = {read_hash(text).family for text in FORMS.values()}
    assert len(families) == 6
