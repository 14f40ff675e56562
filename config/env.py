"""Typed readers of environment variables; a missing or wrong one fails loudly, with its name."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from core.common.networks import Network, read_networks

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


def env_str(name: str, default: str | None = None) -> str:
    """Return a text; `NAME_FILE` names a file that holds it. Raises ImproperlyConfigured."""
    file_name = os.environ.get(f"{name}_FILE")
    if file_name:
        return Path(file_name).read_text().strip()
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return value


def env_bool(name: str, *, default: bool) -> bool:
    """Return a yes or no. Raises ImproperlyConfigured for anything else."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; write true or false.")


def env_int(name: str, default: int) -> int:
    """Return a whole number. Raises ImproperlyConfigured for anything else."""
    value = os.environ.get(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}; write a whole number.") from None


def env_list(name: str, default: str | None = None) -> list[str]:
    """Return the parts between commas. Raises ImproperlyConfigured when missing or empty."""
    parts = [part.strip() for part in env_str(name, default).split(",")]
    return [part for part in parts if part]


def env_networks(name: str) -> tuple[Network, ...]:
    """Return the networks between commas, none when it is not set. Raises ImproperlyConfigured."""
    try:
        return read_networks(env_list(name, ""))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}") from None


def env_keys(name: str) -> dict[int, str]:
    """Return versioned secrets written as `1:secret,2:secret`. Raises ImproperlyConfigured."""
    keys: dict[int, str] = {}
    for part in env_list(name):
        version, _, secret = part.partition(":")
        if not (version.isascii() and version.isdigit()) or len(secret) < 32:
            raise ImproperlyConfigured(
                f"{name} must look like 1:SECRET,2:SECRET with secrets of 32 characters or more."
            )
        keys[int(version)] = secret
    if not keys:
        raise ImproperlyConfigured(f"{name} holds no key.")
    return keys
