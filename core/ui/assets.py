"""Fetch the design system's style sheets and fonts: `python -m core.ui.assets`.

Only the pinned package itself is fetched, checked against `package-lock.json`, and only what its
style sheets refer to is kept. Its dependencies serve its React parts, which no page uses.
"""

import re
import shutil
import sys
from pathlib import Path

from core.common.npm_packages import PackageError, pinned, unpacked

TARGET = Path(__file__).resolve().parent / "static" / "vendor" / "design-system"
PACKAGE = "@cmsgov/design-system"
SHEETS = ("css/core-theme.css", "css/index.css")
_REFERENCE = re.compile(r"url\(\.\./([^)?#]+)")
_SOURCE_MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/")


def main() -> int:
    """Bring the assets up to date; do nothing when they are."""
    version, integrity = pinned(PACKAGE)
    stamp = TARGET / ".integrity"
    if stamp.exists() and stamp.read_text() == integrity:
        return 0
    sys.stdout.write(f"Fetching the design system {version}\n")
    try:
        with unpacked(PACKAGE) as package:
            _copy(package / "dist")
    except PackageError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    stamp.write_text(integrity)
    return 0


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
