"""Networks that are trusted, and what counts as one caller."""

import pytest

from core.common.networks import caller_of, is_in, read_networks


def test_networks_and_single_addresses_of_both_families() -> None:
    networks = read_networks(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1"])
    inside = ["10.9.8.7", "192.0.2.7", "2001:db8:1::5", "::1", "::ffff:10.9.8.7", "10.9.8.7:4431"]
    outside = ["11.0.0.1", "192.0.2.8", "2001:db9::1", "::2", "", "unix:", "unknown", "10.9.8"]
    assert [text for text in inside if not is_in(text, networks)] == []
    assert [text for text in outside if is_in(text, networks)] == []


@pytest.mark.parametrize(
    "text", ["10.0.0.1/8", "10.0.0.0/33", "proxy.internal", "", "2001:db8::/x"]
)
def test_what_is_no_network_is_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="is no network") as caught:
        read_networks(["10.0.0.0/8", text])
    assert repr(text) in str(caught.value)


def test_one_caller_is_an_ipv4_address_or_an_ipv6_network() -> None:
    assert caller_of("2001:db8:1:2:3:4:5:6") == caller_of("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert caller_of("2001:db8:1:3::9") != caller_of("2001:db8:1:2::9")
    assert caller_of("192.0.2.7") == caller_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert caller_of("192.0.2.8") != caller_of("192.0.2.7")
    assert caller_of("") == ""
