"""No registry's address reaches a lock file."""

from config.run.locking import requirements, strip_package_lock, strip_pipfile_lock


def test_the_python_lock_names_no_index() -> None:
    lock = {
        "_meta": {"sources": [{"name": "somewhere", "url": "https://registry.example/simple"}]},
        "default": {"one": {"index": "somewhere", "hashes": ["sha256:1"], "version": "==1"}},
        "develop": {"two": {"hashes": ["sha256:2"], "version": "==2"}},
    }
    strip_pipfile_lock(lock)
    assert lock == {
        "_meta": {"sources": []},
        "default": {"one": {"hashes": ["sha256:1"], "version": "==1"}},
        "develop": {"two": {"hashes": ["sha256:2"], "version": "==2"}},
    }


def test_the_npm_lock_keeps_hashes_alone() -> None:
    lock = {"packages": {"": {"name": "x"}, "node_modules/y": {"resolved": "u", "integrity": "h"}}}
    strip_package_lock(lock)
    assert lock == {"packages": {"": {"name": "x"}, "node_modules/y": {"integrity": "h"}}}


def test_pipenv_is_pinned_by_hash() -> None:
    report = {
        "install": [
            {
                "metadata": {"name": "Tool", "version": "2.0"},
                "download_info": {
                    "url": "https://registry.example/tool.whl",
                    "archive_info": {"hashes": {"sha256": "abc"}},
                },
            }
        ]
    }
    text = requirements(report)
    assert "tool==2.0 --hash=sha256:abc\n" in text
    assert "registry.example" not in text
