"""Current portal users of the sample contracts: the file that `make run` imports, and its writer.

`python -m contracts.programs.sample_users` writes `users.csv` anew, always the same. Every person
is invented; the providers are on the sample rosters, away from those that one registers to try.
Hashes are cheap on purpose: they guard a password that is printed.
"""

import base64
import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import bcrypt

FILE: Final = Path(__file__).parent / "users.csv"
PASSWORD: Final = "Earlier-Portal-2019"  # noqa: S105
"""What every sample user with a hash had as a password in the earlier portal."""

_ROUNDS: Final = 20_000
_BCRYPT_SALT: Final = b"$2b$06$" + b"SampleUsersOfAPortal.."


@dataclass(frozen=True)
class SampleUser:
    """One row of the file, and what it is there to show."""

    username: str
    first_name: str
    last_name: str
    contract: str
    identifier: str
    role: str
    hash_kind: str
    note: str
    phone: str = ""
    address_1: str = ""

    @property
    def email(self) -> str:
        """The address on file."""
        return f"{self.username}@users.example.org"


USERS: Final = (
    SampleUser(
        "ruth.alder",
        "Ruth",
        "Alder",
        "wv-bh",
        "1000001887",
        "group_admin",
        "bcrypt",
        "Provider Group Admin",
        "304-555-0161",
    ),
    SampleUser(
        "omar.birch",
        "Omar",
        "Birch",
        "wv-bh",
        "1000001887",
        "staff",
        "pbkdf2",
        "Provider Staff Account",
    ),
    SampleUser(
        "ines.cedar",
        "Ines",
        "Cedar",
        "wv-bh",
        "1000001887",
        "provider_admin",
        "",
        "no password: Forgot Password?",
    ),
    SampleUser(
        "paul.elm",
        "Paul",
        "Elm",
        "ms-um",
        "1001001886",
        "group_admin",
        "bcrypt",
        "Provider Group Admin, also in a second program",
    ),
    SampleUser(
        "paul.elm", "Paul", "Elm", "wv-bh", "1000001887", "staff", "bcrypt", "the second program"
    ),
    SampleUser(
        "nora.gale",
        "Nora",
        "Gale",
        "ms-um",
        "1001001886",
        "provider_admin",
        "pbkdf2",
        "Provider Admin, for the access review of the program",
    ),
    SampleUser(
        "theo.ivy",
        "Theo",
        "Ivy",
        "ms-um",
        "1001001886",
        "staff",
        "pbkdf2",
        "Provider Staff Account, for the access review of the program",
    ),
    SampleUser(
        "ida.juniper",
        "Ida",
        "Juniper",
        "ms-um",
        "1001001886",
        "read_only",
        "pbkdf2",
        "a role that this program adds: reads Setup and changes nothing",
    ),
    SampleUser(
        "joan.fern",
        "Joan",
        "Fern",
        "va-dmas",
        "1000901946",
        "group_admin",
        "pbkdf2",
        "Provider Group Admin",
    ),
    SampleUser(
        "amir.hazel",
        "Amir",
        "Hazel",
        "acentra-sample",
        "1002001711",
        "group_admin",
        "bcrypt",
        "Provider Group Admin of one of two locations",
        address_1="306 Orchard Lane",
    ),
)


def write() -> None:
    """Write the file."""
    columns = (
        "username",
        "password_hash",
        "first_name",
        "last_name",
        "email",
        "phone",
        "identifier",
        "contract",
        "role",
        "address_1",
    )
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for user in USERS:
            values = {name: getattr(user, name) for name in columns if name != "password_hash"}
            values["password_hash"] = _hash(user.hash_kind)
            writer.writerow([values[name] for name in columns])


def _hash(kind: str) -> str:
    if kind == "bcrypt":
        return bcrypt.hashpw(PASSWORD.encode(), _BCRYPT_SALT).decode()
    if kind == "pbkdf2":
        salt = "sampleusers"
        key = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt.encode(), _ROUNDS)
        return f"pbkdf2_sha256${_ROUNDS}${salt}${base64.b64encode(key).decode()}"
    return ""


if __name__ == "__main__":
    write()
