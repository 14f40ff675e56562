"""Browser tests share one portal, and each row of a sample roster can be registered once."""

import csv
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROSTERS = ROOT / "contracts" / "programs" / "rosters"
# Registered by the sample users, and refused here on purpose.
REFUSED = {"0000000001"}


def codes() -> set[str]:
    """Return the codes of the sample rosters."""
    found: set[str] = set()
    for roster in ROSTERS.glob("*.csv"):
        with roster.open(newline="") as source:
            found |= {row["code"] for row in csv.DictReader(source) if row["code"]}
    return found - REFUSED


def test_no_two_files_of_browser_tests_register_the_same_row() -> None:
    known = codes()
    assert len(known) > 300
    users: dict[str, set[str]] = defaultdict(set)
    for path in (ROOT / "tests" / "browser").glob("*.py"):
        text = path.read_text()
        for code in known:
            if f'"{code}"' in text:
                users[code].add(path.name)
    assert users
    assert {code: sorted(files) for code, files in users.items() if len(files) > 1} == {}
