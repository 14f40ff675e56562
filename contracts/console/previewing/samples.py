"""Invented people and providers. Nothing here is looked up anywhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.common.identifiers import IdentifierType
from tenants.configuration.document import ContractDocument

NOBODYS_KEY: Final = UUID("01900000-0000-7000-8000-000000000001")
"""Stands in addresses in the place of a registration."""
INFORMATION: Final = {
    "username": "pat.sample",
    "first_name": "Pat",
    "last_name": "Sample",
    "address_1": "100 Example Street",
    "address_2": "",
    "city": "Springfield",
    "zip": "25301",
    "email": "pat.sample@provider.example",
    "phone": "304-555-0123",
    "fax": "304-555-0124",
}
FACTS: Final = {"remittance_on": "3/15/2026", "remittance_amount": "1,250.00"}


@dataclass(frozen=True)
class SampleProvider:
    """A provider as a roster, or a registration, has it."""

    identifier: str
    identifier_type: str
    name: str = "Sample Family Clinic"
    provider_type: str = "Clinic"
    address_1: str = "100 Example Street"
    address_2: str = ""
    city: str = "Springfield"
    state: str = "WV"
    zip: str = "25301"


@dataclass(frozen=True)
class SampleJourney:
    """A registration under way."""

    identifier: str
    id: UUID = NOBODYS_KEY


@dataclass(frozen=True)
class SamplePending:
    """A registration that was sent."""

    reserved_until: datetime
    email: str = INFORMATION["email"]


@dataclass(frozen=True)
class SamplePerson:
    """Somebody who is signed in, as far as a page asks."""

    first_name: str = INFORMATION["first_name"]
    last_name: str = INFORMATION["last_name"]
    email: str = INFORMATION["email"]
    is_authenticated: bool = True
    is_staff_member: bool = False
    works_for_office: bool = False
    mail_trouble: str = ""

    def get_full_name(self) -> str:
        """Return the name as people write it."""
        return f"{self.first_name} {self.last_name}"


def sample_provider(document: ContractDocument) -> SampleProvider:
    """Return a provider whose number is the example of the document."""
    section = document.registration
    kind = IdentifierType.NPI if section.check_npi else IdentifierType.PROGRAM_ID
    return SampleProvider(section.identifier_example, kind.value)


def sample_journey(document: ContractDocument) -> SampleJourney:
    """Return a registration of that provider."""
    return SampleJourney(document.registration.identifier_example)


def sample_pending(document: ContractDocument, at: datetime) -> SamplePending:
    """Return the same after it was sent: reserved for as long as the document says."""
    return SamplePending(at + timedelta(hours=document.links.reservation_hours))


def sample_claim(document: ContractDocument) -> dict[str, str]:
    """Return what stands in the first form: the examples of the document."""
    section = document.registration
    return {
        "identifier": section.identifier_example,
        "code": section.code_example,
        **FACTS,
    }


def sample_information(document: ContractDocument) -> dict[str, str]:
    """Return what stands in the form about the person."""
    return {
        **INFORMATION,
        "us_state": sample_provider(document).state,
        "confirm_email": INFORMATION["email"],
    }
