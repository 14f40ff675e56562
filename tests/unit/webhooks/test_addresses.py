"""What may be entered as the address of an endpoint."""

from ipaddress import ip_network

import pytest
from pytest_django.fixtures import Settings

from core.webhooks.addresses import (
    AddressRefusedError,
    host_of,
    path_of,
    prober_for,
    read_address,
)
from core.webhooks.states import EndpointKind

WEBHOOK, SIEM = EndpointKind.WEBHOOK, EndpointKind.SIEM


@pytest.fixture(autouse=True)
def in_production(settings: Settings) -> None:
    settings.PORTAL_LOCAL_HOSTS = False
    settings.PORTAL_WEBHOOK_NETWORKS = (ip_network("10.7.0.0/16"),)


@pytest.mark.parametrize(
    "address",
    [
        "https://hooks.agency.example/portal",
        "https://hooks.agency.example:8443/a/b?c=d&e=%20",
        "https://1.1.1.1/",
        "https://[2606:4700::1111]:8443/in",
    ],
)
def test_public_addresses_are_kept_as_they_are(address: str) -> None:
    assert read_address(f" {address} ", kind=WEBHOOK) == address


@pytest.mark.parametrize(
    "address",
    [
        *("", "hooks.agency.example", "http://hooks.agency.example/", "ftp://a.example/"),
        *("https://", "https:///a", "https://user:pass@a.example/", "https://a.example/#b"),
        *("https://a.example:99999/", "https://a.example:0/", "https://a.example:x/"),
        *("https://a_b.example/", "https://a..example/", "https://-a.example/x y"),
        *("https://a.example/\r\nX-Other: 1", "https://a.example/é", "https://é.example/"),
        *("https://127.0.0.1/", "https://169.254.169.254/latest", "https://10.7.0.1/"),
        *("https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://[fe80::1%25eth0]/"),
        f"https://a.example/{'b' * 500}",
    ],
)
def test_what_nobody_may_reach_is_refused_with_a_sentence(address: str) -> None:
    with pytest.raises(AddressRefusedError) as told:
        read_address(address, kind=WEBHOOK)
    assert told.value.sentence.endswith(".")


def test_a_stream_may_go_to_the_networks_that_the_deployment_names() -> None:
    inside = "https://10.7.3.4:8088/services/collector/raw"
    assert read_address(inside, kind=SIEM) == inside
    with pytest.raises(AddressRefusedError):
        read_address("https://10.8.3.4/", kind=SIEM)
    assert prober_for(inside, kind=WEBHOOK).allowed == ()
    assert prober_for(inside, kind=SIEM).allowed == (ip_network("10.7.0.0/16"),)


def test_http_is_for_this_machine_on_a_portal_of_ones_own(settings: Settings) -> None:
    settings.PORTAL_LOCAL_HOSTS = True
    settings.PORTAL_WEBHOOK_NETWORKS = (ip_network("127.0.0.0/8"),)
    assert read_address("http://localhost:9000/x", kind=WEBHOOK) == "http://localhost:9000/x"
    assert prober_for("http://localhost:9000/x", kind=WEBHOOK).tls is None
    with pytest.raises(AddressRefusedError):
        read_address("http://hooks.agency.example/", kind=WEBHOOK)


def test_an_address_comes_apart() -> None:
    assert host_of("https://[2606:4700::1111]:8443/in?a=b") == "2606:4700::1111"
    assert path_of("https://a.example:8443/in?a=b") == "/in?a=b"
    assert read_address("https://a.example", kind=WEBHOOK) == "https://a.example/"
