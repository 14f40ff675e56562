"""Files of current portal users in tests."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts.legacy.rows import COLUMNS
from contracts.legacy.services.imports import ImportReport, import_users
from core.common import clock

# On the sample roster of wv-bh, in force.
ONE, TWO, THREE = "1000001887", "1000001911", "1000001929"
LENA: Mapping[str, str] = {
    "username": "lena",
    "password_hash": "",
    "first_name": "Lena",
    "last_name": "Marsh",
    "email": "lena@clinic.example",
    "phone": "304-555-0142",
    "identifier": ONE,
    "contract": "wv-bh",
    "role": "group_admin",
    "group_name": "",
    "address_1": "",
}


def person(name: str, **values: str) -> dict[str, str]:
    """Return a row about somebody else than Lena."""
    return {
        **LENA,
        "username": name,
        "first_name": name.title(),
        "email": f"{name}@clinic.example",
        "phone": "",
        **values,
    }


def lena(**values: str) -> dict[str, str]:
    return {**LENA, **values}


def write(folder: Path, *rows: Mapping[str, str], name: str = "users.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def bring_in(folder: Path, *rows: Mapping[str, str], **options: Any) -> ImportReport:
    return import_users(path=write(folder, *rows), by=None, at=clock.now(), **options)


def reasons(report: ImportReport) -> list[tuple[int, str]]:
    return sorted((one.row, one.column) for one in report.rejections)
