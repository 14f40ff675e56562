"""The fetched assets are those of the lock file."""

import io
import tarfile
from pathlib import Path

import pytest

from core.common import npm_packages
from core.ui import assets


def test_another_archive_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "package.tgz"
    archive.write_bytes(b"not the design system")
    _, integrity = npm_packages.pinned(assets.PACKAGE)
    with pytest.raises(npm_packages.PackageError):
        npm_packages.check_archive(archive, integrity)


def test_nothing_is_unpacked_outside_its_folder(tmp_path: Path) -> None:
    archive, folder = tmp_path / "package.tgz", tmp_path / "in" / "here"
    folder.mkdir(parents=True)
    with tarfile.open(archive, "w:gz") as tar:
        for name in ("package/dist/css/a.css", "package/dist/../../../../out.css", "/out.css"):
            member = tarfile.TarInfo(name)
            member.size = 3
            tar.addfile(member, io.BytesIO(b"a{}"))
    npm_packages.unpack(archive, folder)
    files = list(tmp_path.rglob("*.css"))
    assert files == [folder / "package" / "dist" / "css" / "a.css"]


def test_only_what_the_sheets_refer_to_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "dist", tmp_path / "out"
    (source / "css").mkdir(parents=True)
    (source / "fonts").mkdir()
    (source / "fonts" / "used.woff2").write_bytes(b"font")
    (source / "fonts" / "unused.woff2").write_bytes(b"font")
    (source / "css" / "core-theme.css").write_text("a{src:url(../fonts/used.woff2)}")
    (source / "css" / "index.css").write_text("b{}/*# sourceMappingURL=index.css.map */")
    monkeypatch.setattr(assets, "TARGET", target)
    assets._copy(source)
    kept = sorted(str(path.relative_to(target)) for path in target.rglob("*.*"))
    assert kept == ["css/core-theme.css", "css/index.css", "fonts/used.woff2"]
    assert "sourceMappingURL" not in (target / "css" / "index.css").read_text()


def test_only_plain_files_of_the_package_are_unpacked(tmp_path: Path) -> None:
    archive = tmp_path / "package.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in ("package/dist/a.css", "../outside.css", "package/../../outside.css"):
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
        link = tarfile.TarInfo("package/link.css")
        link.type = tarfile.SYMTYPE
        link.linkname = "/etc/passwd"
        tar.addfile(link)
    target = tmp_path / "unpacked"
    target.mkdir()
    npm_packages.unpack(archive, target)
    found = [path.relative_to(tmp_path) for path in tmp_path.rglob("*.css")]
    assert found == [Path("unpacked/package/dist/a.css")]
