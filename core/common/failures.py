"""Say what went wrong without saying what was in the message."""

from pathlib import Path
from traceback import extract_tb

_REASON_LENGTH = 200


def describe_safely(error: BaseException) -> str:
    """Return the error's type and the place that raised it, never its text.

    The text of an exception may quote a value: a validation error of an API client prints the
    parameters, a database error prints the row.
    """
    frames = extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"[:_REASON_LENGTH]
