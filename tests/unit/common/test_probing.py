"""Hosts that strangers own are asked at public addresses alone, for a moment, and for little."""

import ssl
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from socket import socket

import pytest
import trustme

from core.common.networks import Network
from core.common.probing.addresses import may_be_asked
from core.common.probing.asking import Answer, NoAnswerError, Prober, Trouble
from tests.support.naive import fails_with
from tests.support.odd_servers import Answering, odd_server

HERE: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1"))
HOST = "portal.program.example"
PATH = "/.well-known/portal-identity/00"
FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nours"


def leads_to(*addresses: str) -> Prober:
    """Return a prober for whom every name has these addresses, and which asks public ones alone."""
    return Prober(resolve=lambda _host: addresses, port=9, patience=2)


def here(port: int, *addresses: str, **how: object) -> Prober:
    given = addresses or ("127.0.0.1",)
    return Prober(resolve=lambda _host: given, allowed=HERE, port=port, **how)  # type: ignore[arg-type]


def trouble_with(prober: Prober, host: str = HOST) -> tuple[Trouble, str]:
    with pytest.raises(NoAnswerError) as told:
        prober.ask(host, PATH)
    return told.value.trouble, told.value.detail


INSIDE = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    *("198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.88.99.1"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "::127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001:db8::1"),
    *("2001::1", "3fff::1", "100::1"),
]
PUBLIC = ["1.1.1.1", "203.1.2.3", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_refused(address: str) -> None:
    assert not may_be_asked(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_asked(address: str) -> None:
    assert may_be_asked(ip_address(address))


def test_what_the_settings_allow_may_be_asked_whatever_it_is() -> None:
    balancer = (ip_network("10.1.0.0/16"),)
    assert may_be_asked(ip_address("10.1.0.9"), allowed=balancer)
    assert may_be_asked(ip_address("::ffff:10.1.0.9"), allowed=balancer)
    assert not may_be_asked(ip_address("10.2.0.9"), allowed=balancer)


def test_a_name_that_leads_inside_is_never_connected_to() -> None:
    with odd_server(FINE) as inside:
        prober = Prober(resolve=lambda _host: ["127.0.0.1"], port=inside.port, patience=2)
        assert trouble_with(prober) == (Trouble.INSIDE, "")
        assert inside.asked == []


def test_to_ask_whatever_a_name_leads_to_would_reach_inside() -> None:
    """The naive way: a name is a name."""
    fails_with(
        "core.common.probing.asking.may_be_asked",
        lambda _address, *, allowed: True,
        test_a_name_that_leads_inside_is_never_connected_to,
        where="with pytest.raises",
    )


def test_one_address_inside_among_public_ones_is_enough_to_refuse() -> None:
    assert trouble_with(leads_to("1.1.1.1", "10.0.0.1")) == (Trouble.INSIDE, "")
    assert trouble_with(leads_to("1.1.1.1", "::ffff:127.0.0.1")) == (Trouble.INSIDE, "")


def test_a_number_written_as_a_name_is_the_number_that_it_is() -> None:
    """What the system's resolver takes for an address is judged as that address."""
    for name in ("127.0.0.1", "169.254.169.254", "2130706433", "0x7f.1", "0177.0.0.1"):
        assert trouble_with(Prober(patience=5), name)[0] in {Trouble.INSIDE, Trouble.NO_NAME}


def test_a_name_is_resolved_once_and_asked_at_that_address() -> None:
    """Rebinding: whoever answers for the name says something else the second time."""
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    with odd_server(FINE) as right:
        prober = Prober(resolve=lambda _host: answers.pop(0), allowed=HERE, port=right.port)
        found = prober.ask(HOST, PATH)
    assert (found.address, found.status, found.body) == ("127.0.0.1", 200, b"ours")
    assert len(answers) == 1
    assert f"Host: {HOST}:{right.port}\r\n".encode() in right.asked[0]


def test_an_address_that_does_not_answer_leaves_the_next_one() -> None:
    with odd_server(FINE, host="127.0.0.2") as second:
        found = here(second.port, "127.0.0.1", "127.0.0.2").ask(HOST, PATH)
    assert found.address == "127.0.0.2"


def test_an_address_of_the_other_kind_is_asked_as_well() -> None:
    with odd_server(FINE, host="::1") as other:
        assert here(other.port, "::1").ask(HOST, PATH).address == "::1"


def test_names_without_addresses_and_odd_ones() -> None:
    def fails(_host: str) -> Sequence[str]:
        raise OSError

    assert trouble_with(leads_to()) == (Trouble.NO_NAME, "")
    assert trouble_with(Prober(resolve=fails)) == (Trouble.NO_NAME, "")
    assert trouble_with(leads_to("no address")) == (Trouble.NO_NAME, "")


def test_a_resolver_that_does_not_answer_is_not_waited_for() -> None:
    never = threading.Event()

    def waits(_host: str) -> Sequence[str]:
        never.wait()
        return ()

    assert trouble_with(Prober(resolve=waits, patience=0.1)) == (Trouble.NO_NAME, "slow")
    never.set()


def test_a_redirect_is_read_and_not_followed() -> None:
    moved = b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n"
    with odd_server(FINE) as inside, odd_server(moved % inside.port) as outside:
        found = here(outside.port).ask(HOST, PATH)
        assert (found.status, found.location) == (301, f"http://127.0.0.1:{inside.port}/")
        assert inside.asked == []


def drips(over: threading.Event) -> Answering:
    """Write an octet now and then, for as long as anybody listens."""

    def write(made: socket, _asked: bytes) -> None:
        made.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not over.wait(0.02):
            made.sendall(b"x")

    return write


def test_an_answer_that_never_ends_is_left_at_its_moment() -> None:
    over = threading.Event()
    with odd_server(drips(over)) as slow:
        assert trouble_with(here(slow.port, patience=0.3)) == (Trouble.UNREACHABLE, "slow")
        over.set()


def test_a_greeting_that_never_ends_is_left_at_its_moment() -> None:
    """TLS is not begun, while octets come."""
    over = threading.Event()

    def greets(made: socket, _asked: bytes) -> None:
        made.sendall(b"\x16\x03\x03\x3f\xff")
        while not over.wait(0.02):
            made.sendall(b"x")

    with odd_server(greets) as slow:
        prober = here(slow.port, patience=0.3, tls=ssl.create_default_context())
        assert trouble_with(prober) == (Trouble.UNREACHABLE, "slow")
        over.set()


ODD: list[bytes] = [
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\nours",
    b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\nours",
    b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
    b"220 mail.example ESMTP\r\n",
    b"\x00\xff" * 500,
    b"",
]


@pytest.mark.parametrize("answer", ODD)
def test_what_is_no_answer_is_odd_however_much_there_is_of_it(answer: bytes) -> None:
    with odd_server(answer) as odd:
        assert trouble_with(here(odd.port))[0] in {Trouble.ODD, Trouble.UNREACHABLE}


def test_of_a_long_answer_the_beginning_is_read() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nours\r\n0\r\n\r\n"
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"y" * 30_000
    with odd_server(chunked) as one, odd_server(long) as other:
        assert here(one.port).ask(HOST, PATH).body == b"ours"
        assert len(here(other.port).ask(HOST, PATH).body) == 200


def test_nobody_who_listens_is_said_so() -> None:
    with odd_server(FINE) as gone:
        port = gone.port
    assert trouble_with(here(port)) == (Trouble.UNREACHABLE, "refused")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def tls_of(authority: trustme.CA, name: str, *, ends: datetime | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_after=ends).configure_cert(context)
    return context


def believing(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def ask_secured(
    authority: trustme.CA, name: str, *, ends: datetime | None = None, believed: bool = True
) -> Answer:
    trusted = authority if believed else trustme.CA()
    with odd_server(FINE, tls=tls_of(authority, name, ends=ends)) as server:
        return here(server.port, tls=believing(trusted)).ask(HOST, PATH)


def test_a_certificate_for_the_name_tells_when_it_ends(authority: trustme.CA) -> None:
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=40)
    assert ask_secured(authority, HOST, ends=ends).certificate_ends_at == ends


def test_certificates_that_browsers_would_refuse(authority: trustme.CA) -> None:
    over = datetime.now(UTC) - timedelta(days=1)
    for word, given in {
        "name": {"name": "other.example"},
        "expired": {"name": HOST, "ends": over},
        "issuer": {"name": HOST, "believed": False},
    }.items():
        with pytest.raises(NoAnswerError) as told:
            ask_secured(authority, **given)  # type: ignore[arg-type]
        assert (told.value.trouble, told.value.detail) == (Trouble.CERTIFICATE, word)


def test_a_host_without_tls_is_said_so(authority: trustme.CA) -> None:
    with odd_server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as plain:
        prober = here(plain.port, tls=believing(authority))
        assert trouble_with(prober) == (Trouble.CERTIFICATE, "tls")
