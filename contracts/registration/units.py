"""What registers once in a contract: an identifier, or one location of it. Pure."""

from uuid import UUID

from tenants.configuration.document import ContractDocument


def number_of(*, identifier: str, code: str) -> str:
    """Return the number that names a roster entry, or the program's own; empty without either."""
    return identifier or code


def unit_key_of(document: ContractDocument, *, entry_id: UUID, identifier: str, code: str) -> str:
    """Return what of a roster entry registers once in a contract (`registration.unit`)."""
    if document.registration.unit == "location":
        return str(entry_id)
    return number_of(identifier=identifier, code=code) or str(entry_id)
