"""What a roster entry can hold, the provider that is made from it can hold too."""

import pytest
from django.db import models

from contracts.registration.models import Journey, PendingRegistration
from contracts.roster.models import RosterEntry
from core.groups.models import Provider

COPIED = [
    "identifier",
    "name",
    "provider_type",
    "address_1",
    "address_2",
    "city",
    "state",
    "zip",
    "phone",
    "fax",
]


def width(model: type[models.Model], name: str) -> int:
    length = getattr(model._meta.get_field(name), "max_length", None)
    assert isinstance(length, int)
    return length


@pytest.mark.parametrize("name", COPIED)
def test_a_provider_holds_what_its_roster_entry_holds(name: str) -> None:
    assert width(Provider, name) >= width(RosterEntry, name)


@pytest.mark.parametrize("model", [Journey, PendingRegistration, Provider])
@pytest.mark.parametrize("name", ["identifier", "unit_key"])
def test_each_step_holds_the_identifier(model: type[models.Model], name: str) -> None:
    assert width(model, name) >= width(RosterEntry, name)
