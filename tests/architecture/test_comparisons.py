"""What a stranger may guess at is compared in constant time: by no `==`, wherever it stands."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.naive import fails_with

ROOT = Path(__file__).resolve().parents[2]
# Names of what is made from a key, or stands for a secret.
GUESSED_AT = re.compile(r"(digest|mac|nonce|signature|token)\b")
# Digests of what everybody may read: terms of use, and a package's files.
PUBLIC = re.compile(r"terms_digest|digest_size|b64encode\(digest\)")


def sources() -> Iterator[tuple[str, str]]:
    """Yield the files of the apps; documents of contracts (tenants) have no secret digests."""
    for folder in ("core", "contracts"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text()


def compared_openly(text: str) -> Iterator[str]:
    """Yield the comparisons of a file that stop at the first difference."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
            comparison = ast.unparse(node)
            if GUESSED_AT.search(comparison) and not PUBLIC.search(comparison):
                yield comparison


def test_what_is_guessed_at_is_compared_in_constant_time() -> None:
    found = [f"{path}: {one}" for path, text in sources() for one in compared_openly(text)]
    assert found == []


def test_a_comparison_as_usual_is_found() -> None:
    """The naive way: equal is equal, and the time tells how much of it was."""
    naive = "def is_right(row, typed):\n    return row.token_digest == keyed_digest('x', typed)\n"
    fails_with(
        f"{__name__}.sources",
        lambda: iter([("naive.py", naive)]),
        test_what_is_guessed_at_is_compared_in_constant_time,
        where="assert found == []",
    )
