"""Which SQL texts callers may not send: those that steer transactions or the search path.

The backend knows which path is set because every rollback passes through it. A `ROLLBACK` or
`SET search_path` sent as text would change the path behind its back.
"""

import re
from functools import lru_cache

from psycopg import sql

from tenants.errors import RawTransactionError

_PLAIN = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
_SUSPECT = re.compile(r";|search_path|set_config|pg_settings|U&|_to_xml", re.IGNORECASE)
_QUOTED = re.compile(
    r"""
    (?P<comment> --[^\n]* | /\*.*?\*/ ) |
    \$(?P<tag>\w*)\$.*?\$(?P=tag)\$      # dollar-quoted: bodies of functions
    | [eE]'(?:[^'\\]|\\.|'')*'
    | '(?:[^']|'')*'
    | "(?P<name>(?:[^"]|"")*)"
    """,
    re.VERBOSE | re.DOTALL,
)
_BANNED = re.compile(
    r"""
    (?:^|;)\s*
    (?: BEGIN | START\s+TRANSACTION | COMMIT | END | ROLLBACK | ABORT | SAVEPOINT | RELEASE
      | PREPARE\s+TRANSACTION | DISCARD | RESET\s+(?:ALL|search_path)
      | SET\s+(?:SESSION\s+|LOCAL\s+)?(?:search_path|SCHEMA|TRANSACTION|SESSION\s+CHARACTERISTICS)
    )\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
# A setting may be named by a plain text alone: a parameter or an expression could name the path.
_SET_CONFIG = re.compile(
    r"set_config\b (?! \s*\(\s* '(?!search_path')[\w.]+' \s*, )", re.VERBOSE | re.IGNORECASE
)
_ROUNDABOUT = re.compile(
    r"\bU&['\"] | \bUPDATE\s+ (?:ONLY\s+)? (?:\w+\.)? pg_settings\b", re.VERBOSE | re.IGNORECASE
)
_PLAIN_TEXT = re.compile(r"'[\w.]+'")
_ANONYMOUS_BLOCK = re.compile(r"(?:^|;)\s*DO\b", re.IGNORECASE)
# EXECUTE puts a text together that nobody has looked at.
_BANNED_IN_BLOCK = re.compile(
    r"\b(?:COMMIT|ROLLBACK|search_path|set_config|EXECUTE|pg_settings)\b", re.IGNORECASE
)
# So do the functions that run a text given to them.
_RUNS_TEXT = re.compile(r"\b(?:query|cursor)_to_xml(?:schema|_and_xmlschema)?\b", re.IGNORECASE)


def refuse_transaction_text(statement: object) -> None:
    """Raise RawTransactionError for a text that begins, ends or marks a transaction or sets a path.

    Bodies of functions and quoted texts are looked past; anonymous `DO` blocks are not, and one
    that puts statements together (`EXECUTE`) is refused whatever they would be.
    """
    _refuse(_as_text(statement))


@lru_cache(maxsize=2_000)
def _refuse(text: str) -> None:
    """Do so; a text that passed once is not looked at again (an error is not kept)."""
    if _PLAIN.match(text) and not _SUSPECT.search(text):
        return
    said = _QUOTED.sub(lambda found: " " if found["comment"] else found[0], text)
    bare = _QUOTED.sub(_without_quoted, text)
    banned = (
        _BANNED.search(bare)
        or _SET_CONFIG.search(bare)
        or _ROUNDABOUT.search(said)
        or _RUNS_TEXT.search(bare)
        or (_ANONYMOUS_BLOCK.search(bare) and _BANNED_IN_BLOCK.search(said))
    )
    if banned:
        raise RawTransactionError(
            "Transactions and the search path are steered by django.db.transaction and "
            f"tenants.context alone, not by text: {text.strip()[:60]!r}"
        )


def _without_quoted(found: re.Match[str]) -> str:
    """Keep what a statement is recognised by: quoted names, and texts that may be a setting's."""
    if found["comment"]:
        return " "
    if found["name"] is not None:
        return found["name"]
    return found[0] if _PLAIN_TEXT.fullmatch(found[0]) else "''"


def _as_text(statement: object) -> str:
    if isinstance(statement, str):
        return statement
    if isinstance(statement, bytes):
        return statement.decode("utf-8", "replace")
    if isinstance(statement, sql.Composable):
        return statement.as_string(None)
    return str(statement)
