"""Acts of staff ask for their right in one place, and for elevated rights with it (ADR 0034)."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("tenants", "core", "contracts")
# The door, what loads a contract, and the one question of every act; the last two are pages that
# staff without any right in question come to: the queue, and the page that gives elevated rights.
MAY_REFUSE = {
    "core/staff/refusing.py",
    "core/staff/access.py",
    "core/staff/acting.py",
    "core/staff/contract_access.py",
    "core/staff/views/queue.py",
    "core/staff/views/elevation.py",
}
MAY_ASK_FOR_ELEVATION = {
    "core/staff/elevation.py",
    "core/staff/access.py",
    "core/staff/acting.py",
    "core/staff/contract_access.py",
}


def modules_with(words: str) -> set[str]:
    paths = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    found = [path for path in paths if re.search(rf"\b{words}\b", path.read_text())]
    return {str(path.relative_to(ROOT)) for path in found}


def test_no_view_refuses_staff_by_itself() -> None:
    assert modules_with("refuse_staff") | MAY_REFUSE == MAY_REFUSE


def test_elevated_rights_are_asked_for_with_the_right_itself() -> None:
    assert modules_with("require_elevation") == MAY_ASK_FOR_ELEVATION


def test_staff_without_a_right_are_refused_on_the_record() -> None:
    views = [path for app in APPS for path in (ROOT / app).rglob("views/*.py")]
    staff = [path for path in views if "staff_page" in path.read_text()]
    assert len(staff) > 20
    assert [path.name for path in staff if "PermissionDenied" in path.read_text()] == []
