"""Keys of caches and stored files: a contract's data carries the contract in its key.

Account and throttle keys are shared on purpose and are made where they are used.
"""

from tenants.context import require_contract
from tenants.errors import OtherContractError


def cache_key(*parts: object) -> str:
    """Return the key of a contract's data in the cache. Raises NoContractError outside any."""
    return ":".join(["contract", str(require_contract().id), *(str(part) for part in parts)])


def storage_key(name: str) -> str:
    """Return the name under which a contract's file is stored. Raises NoContractError."""
    clean = name.lstrip("/")
    if ".." in clean.split("/"):
        raise ValueError(f"Not a name of a stored file: {name!r}")
    return f"contracts/{require_contract().id}/{clean}"


def check_storage_key(key: str) -> str:
    """Return a stored file's name once it is certain that it is of the contract in hand.

    Called on every read: the name may come from a row. Raises OtherContractError.
    """
    if not key.startswith(storage_key("")) or ".." in key.split("/"):
        raise OtherContractError(f"The file {key!r} is not of the contract in hand.")
    return key
