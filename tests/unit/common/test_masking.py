"""What a mask shows and what it hides."""

import pytest

from core.common.masking import mask_address, mask_email, mask_phone


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("dana.reed@clinic.example", "d•••••d@clinic.example"),
        ("al@clinic.example", "a•••••@clinic.example"),
        ("a@clinic.example", "a•••••@clinic.example"),
        ("nonsense", "•••••"),
    ],
)
def test_an_address_shows_its_ends_and_its_domain(address: str, shown: str) -> None:
    assert mask_email(address) == shown


def test_the_mask_does_not_tell_the_length() -> None:
    assert mask_email("abcz@x.example") == mask_email("abcdefghz@x.example")


def test_a_number_shows_its_last_four() -> None:
    assert mask_phone("+13045559885") == "XXX-XXX-9885"


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("203.0.113.77", "203.0.113.…"),
        ("::ffff:203.0.113.77", "203.0.113.…"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::…"),
        ("", ""),
        ("unix:", ""),
        ("::1", ""),
        ("127.0.0.1", ""),
    ],
)
def test_network_addresses_lose_their_last_part(address: str, masked: str) -> None:
    assert mask_address(address) == masked
