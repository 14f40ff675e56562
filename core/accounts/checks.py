"""What `manage.py check` says of the app's files."""

from typing import Any

from django.core import checks

from core.accounts.passwords.block_lists import breached_list, common_list
from core.accounts.passwords.hash_lists import HashListError


def check_block_lists(**_options: Any) -> list[checks.CheckMessage]:
    """Tell of lists of passwords that cannot be looked in."""
    try:
        breached_list()
        is_there = common_list() is not None
    except HashListError as error:
        return [checks.Error(str(error), id="core_accounts.E001")]
    if is_there:
        return []
    missing = "The list of common passwords is missing."
    return [checks.Warning(missing, hint="Run `make assets`.", id="core_accounts.W001")]
