"""What Amazon says of a sender: verified, signing, reachable, and which records are missing.

Only descriptions are read; nothing is made, changed or sent.
"""

from collections.abc import Iterator
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from core.notifications.channels import aws_clients
from core.notifications.channels.standing import NotSaidError, Standing
from core.notifications.states import SENDING, SenderStanding

_UNKNOWN_CODES: Final = frozenset({"NotFoundException", "ResourceNotFoundException"})
_PARENTS: Final = 4
_PAGE: Final = 100
_MOST_PAGES: Final = 5
_DKIM_ZONE: Final = "dkim.amazonses.com"


def standing_of_address(address: str) -> Standing:
    """Return how SES has an address: by itself, by its domain, or by a domain above that.

    The closest identity that is verified decides; one that is not yet does not take away what a
    wider one gives. Raises NotSaidError.
    """
    client = aws_clients.email_client()
    closest: Standing | None = None
    for identity in identities_of(address):
        found = _told(lambda identity=identity: client.get_email_identity(EmailIdentity=identity))
        if found is None:
            continue
        standing = _of_identity(identity, found)
        if standing.standing in SENDING:
            return standing
        closest = closest or standing
    return closest or Standing(SenderStanding.MISSING, {"identity": address.partition("@")[2]})


def identities_of(address: str) -> Iterator[str]:
    """Yield what SES may know an address by, the closest first."""
    yield address
    labels = address.partition("@")[2].lower().split(".")
    for place in range(min(len(labels) - 1, _PARENTS)):
        yield ".".join(labels[place:])


def standing_of_texts(sender: str) -> Standing:
    """Return how End User Messaging has a number, a short code or a pool. Raises NotSaidError."""
    if "pool" in sender:
        client = aws_clients.text_client()
        answer = _told(lambda: client.describe_pools(PoolIds=[sender]))
        found = answer["Pools"] if answer else []
        return _of_status(found[0] if found else None)
    return _of_number(_find_number(sender))


def standing_of_flow(instance: str, flow: str) -> Standing:
    """Return how Connect has a contact flow: published and in use. Raises NotSaidError."""
    client = aws_clients.call_client()
    answer = _told(lambda: client.describe_contact_flow(InstanceId=instance, ContactFlowId=flow))
    if answer is None:
        return Standing(SenderStanding.MISSING)
    found = answer["ContactFlow"]
    state, status = found.get("State", "ACTIVE"), found.get("Status", "PUBLISHED")
    is_good = (state, status) == ("ACTIVE", "PUBLISHED")
    return Standing(
        SenderStanding.VERIFIED if is_good else SenderStanding.PENDING,
        {"status": f"{state}, {status}".lower()},
    )


def _told(ask: Any) -> dict[str, Any] | None:
    """Return an answer; None where the service knows no such thing. Raises NotSaidError."""
    try:
        return dict(ask())
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _UNKNOWN_CODES:
            return None
        raise NotSaidError(aws_clients.outcome_of(error).reason) from None
    except BotoCoreError as error:
        raise NotSaidError(aws_clients.outcome_of(error).reason) from None


def _of_identity(identity: str, found: dict[str, Any]) -> Standing:
    dkim = found.get("DkimAttributes", {})
    facts = {
        "identity": identity,
        "signing": str(dkim.get("Status", "NOT_STARTED")).lower(),
        "records": _records(identity, dkim),
    }
    if not found.get("VerifiedForSendingStatus", False):
        return Standing(SenderStanding.PENDING, facts)
    signs = dkim.get("SigningEnabled", False) and dkim.get("Status") == "SUCCESS"
    return Standing(SenderStanding.VERIFIED if signs else SenderStanding.UNSIGNED, facts)


def _records(identity: str, dkim: dict[str, Any]) -> list[dict[str, str]]:
    """Return the records by which SES knows a domain and signs for it; an address has none."""
    if "@" in identity or dkim.get("SigningAttributesOrigin") == "EXTERNAL":
        return []
    zone = dkim.get("SigningHostedZone") or _DKIM_ZONE
    return [
        {
            "type": "CNAME",
            "name": f"{token}._domainkey.{identity}",
            "value": f"{token}.{zone}",
        }
        for token in dkim.get("Tokens", ())
    ]


def _find_number(sender: str) -> dict[str, Any] | None:
    client = aws_clients.text_client()
    if not sender.startswith("+") and not sender.isdecimal():
        answer = _told(lambda: client.describe_phone_numbers(PhoneNumberIds=[sender]))
        return next(iter(answer["PhoneNumbers"]), None) if answer else None
    request: dict[str, Any] = {"MaxResults": _PAGE}
    for _ in range(_MOST_PAGES):
        answer = _told(lambda: client.describe_phone_numbers(**request)) or {}
        for one in answer.get("PhoneNumbers", ()):
            if one["PhoneNumber"] == sender:
                return dict(one)
        if not answer.get("NextToken"):
            break
        request["NextToken"] = answer["NextToken"]
    return None


def _of_number(found: dict[str, Any] | None) -> Standing:
    if found is not None and "SMS" not in found.get("NumberCapabilities", ["SMS"]):
        return Standing(SenderStanding.PENDING, {"status": "takes no texts"})
    return _of_status(found)


def _of_status(found: dict[str, Any] | None) -> Standing:
    if found is None:
        return Standing(SenderStanding.MISSING)
    status = str(found.get("Status", ""))
    is_active = status == "ACTIVE"
    return Standing(
        SenderStanding.VERIFIED if is_active else SenderStanding.PENDING,
        {"status": status.lower()},
    )
