"""Addresses and numbers as they may be shown before a person has proven who they are."""


def mask_email(address: str) -> str:
    """Return `d•••••d@clinic.org` for `dana.reed@clinic.org`: first and last letter, whole domain.

    The dots are always five, so the mask does not tell the length of the name.
    """
    local, _, domain = address.rpartition("@")
    if not local:
        return "•••••"
    last = local[-1] if len(local) > 2 else ""
    return f"{local[0]}•••••{last}@{domain}"


def mask_phone(number: str) -> str:
    """Return `XXX-XXX-9885`, the form that the multi-factor guide prints."""
    digits = "".join(character for character in number if character.isdigit())
    return f"XXX-XXX-{digits[-4:]}"
