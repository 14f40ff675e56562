"""Signatures are those of the Standard Webhooks specification, checked by somebody else's code."""

import pytest

from core.webhooks.signing import new_secret, read_secret, signed_headers, written
from tests.support.naive import fails_with
from tests.support.receivers import Received, is_genuine

# The example of the specification's reference libraries (version 1.0.0).
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE, SECONDS, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'


def sent(*secrets: bytes, body: bytes = BODY) -> Received:
    headers = signed_headers(MESSAGE, BODY, seconds=SECONDS, secrets=secrets)
    return Received("/", headers, body)


def test_the_example_of_the_specification() -> None:
    headers = signed_headers(MESSAGE, BODY, seconds=SECONDS, secrets=[read_secret(SECRET)])
    assert headers == {
        "webhook-id": MESSAGE,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert is_genuine(sent(read_secret(SECRET)), SECRET, now=SECONDS)


def test_anything_else_is_not_genuine() -> None:
    secret = new_secret()
    signed = sent(secret)
    assert is_genuine(signed, written(secret), now=SECONDS + 299)
    assert not is_genuine(signed, written(secret), now=SECONDS + 301)
    assert not is_genuine(signed, written(new_secret()), now=SECONDS)
    assert not is_genuine(sent(secret, body=BODY + b" "), written(secret), now=SECONDS)
    for header in ("webhook-id", "webhook-timestamp"):
        changed = Received("/", {**signed.headers, header: str(SECONDS + 1)}, BODY)
        assert not is_genuine(changed, written(secret), now=SECONDS)


def test_a_signature_over_the_body_alone_could_be_sent_again_as_another_message() -> None:
    """The naive way: id and moment are not covered."""

    def body_alone(
        message_id: str, body: bytes, *, seconds: int, secrets: list[bytes]
    ) -> dict[str, str]:
        empty = whole("", body, seconds=0, secrets=secrets)
        return {**empty, "webhook-id": message_id, "webhook-timestamp": str(seconds)}

    whole = signed_headers
    fails_with(
        f"{__name__}.signed_headers",
        body_alone,
        test_anything_else_is_not_genuine,
        where="assert is_genuine(signed, written(secret), now=SECONDS + 299)",
    )


def test_both_secrets_sign_while_receivers_change_over() -> None:
    new, former = new_secret(), new_secret()
    for secret in (new, former):
        assert is_genuine(sent(new, former), written(secret), now=SECONDS)
    assert not is_genuine(sent(new), written(former), now=SECONDS)


def test_secrets_are_long_and_never_the_same() -> None:
    assert len({new_secret() for _ in range(50)}) == 50
    assert read_secret(written(new := new_secret())) == new
    assert len(new) == 32
    with pytest.raises(ValueError, match="no secret"):
        read_secret("whsec_?")
