"""What Amazon says of senders: questions and answers checked against botocore's own models."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber
from pytest_django import Settings

from core.notifications.channels import aws_clients
from core.notifications.channels.aws_standing import (
    identities_of,
    standing_of_address,
    standing_of_flow,
    standing_of_texts,
)
from core.notifications.channels.standing import NotSaidError, Standing
from core.notifications.states import SenderStanding

ADDRESS = "no-reply@mail.program.example"
CLIENTS = {
    "sesv2": "email_client",
    "pinpoint-sms-voice-v2": "text_client",
    "connect": "call_client",
}
Amazon = Callable[[str], Stubber]


@pytest.fixture
def amazon(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Amazon]:
    """Real clients whose answers are given; their models check both. All given ones are asked."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    made: list[Stubber] = []

    def make(service: str) -> Stubber:
        client = boto3.session.Session().client(cast("Any", service), region_name="us-east-1")
        stubber = Stubber(client)
        stubber.activate()
        made.append(stubber)
        monkeypatch.setattr(aws_clients, CLIENTS[service], lambda: client)
        return stubber

    yield make
    for stubber in made:
        stubber.assert_no_pending_responses()


def nobody_knows(stubber: Stubber, *identities: str) -> None:
    for identity in identities:
        stubber.add_client_error(
            "get_email_identity",
            "NotFoundException",
            http_status_code=404,
            expected_params={"EmailIdentity": identity},
        )


def says(stubber: Stubber, identity: str, **answer: Any) -> None:
    stubber.add_response("get_email_identity", answer, {"EmailIdentity": identity})


def test_the_closest_identity_that_exists_decides(amazon: Amazon) -> None:
    ses = amazon("sesv2")
    nobody_knows(ses, ADDRESS, "mail.program.example")
    says(
        ses,
        "program.example",
        IdentityType="DOMAIN",
        VerifiedForSendingStatus=True,
        DkimAttributes={
            "SigningEnabled": True,
            "Status": "SUCCESS",
            "Tokens": ["a", "b", "c"],
            "SigningAttributesOrigin": "AWS_SES",
        },
    )
    found = standing_of_address(ADDRESS)
    assert found.standing is SenderStanding.VERIFIED
    assert found.facts["identity"] == "program.example"
    assert found.facts["records"][0] == {
        "type": "CNAME",
        "name": "a._domainkey.program.example",
        "value": "a.dkim.amazonses.com",
    }


def test_an_address_that_ses_does_not_know_is_missing(amazon: Amazon) -> None:
    nobody_knows(amazon("sesv2"), *identities_of(ADDRESS))
    assert standing_of_address(ADDRESS) == Standing(
        SenderStanding.MISSING, {"identity": "mail.program.example"}
    )


def test_what_is_not_verified_yet_takes_nothing_away(amazon: Amazon) -> None:
    """SES sends from every address of a verified domain, whatever became of the address itself."""
    ses = amazon("sesv2")
    says(ses, ADDRESS, VerifiedForSendingStatus=False)
    says(ses, "mail.program.example", VerifiedForSendingStatus=True)
    found = standing_of_address(ADDRESS)
    assert (found.standing, found.facts["identity"]) == (
        SenderStanding.UNSIGNED,
        "mail.program.example",
    )


def test_no_top_level_domain_is_asked_for() -> None:
    assert list(identities_of("a@b.example")) == ["a@b.example", "b.example"]
    assert len(list(identities_of("a@" + "x." * 40 + "example"))) == 5


@pytest.mark.parametrize(
    ("verified", "dkim", "standing"),
    [
        (False, {"Status": "PENDING", "SigningEnabled": True}, SenderStanding.PENDING),
        (True, {"Status": "PENDING", "SigningEnabled": True}, SenderStanding.UNSIGNED),
        (True, {"Status": "SUCCESS", "SigningEnabled": False}, SenderStanding.UNSIGNED),
        (True, {"Status": "SUCCESS", "SigningEnabled": True}, SenderStanding.VERIFIED),
    ],
)
def test_verified_and_signing_are_told_apart(
    amazon: Amazon, verified: bool, dkim: dict[str, Any], standing: SenderStanding
) -> None:
    answer = {"VerifiedForSendingStatus": verified, "DkimAttributes": {**dkim, "Tokens": ["a"]}}
    ses = amazon("sesv2")
    says(ses, ADDRESS, **answer)
    if not verified:
        nobody_knows(ses, "mail.program.example", "program.example")
    found = standing_of_address(ADDRESS)
    assert (found.standing, found.facts["records"]) == (standing, [])


def test_records_are_in_the_zone_that_the_region_has(amazon: Amazon) -> None:
    ses = amazon("sesv2")
    nobody_knows(ses, ADDRESS)
    dkim = {"Tokens": ["t"], "SigningHostedZone": "dkim.region.example", "Status": "PENDING"}
    says(ses, "mail.program.example", VerifiedForSendingStatus=False, DkimAttributes=dkim)
    nobody_knows(ses, "program.example")
    (record,) = standing_of_address(ADDRESS).facts["records"]
    assert record["value"] == "t.dkim.region.example"


def test_who_may_not_ask_says_so_and_decides_nothing(amazon: Amazon) -> None:
    amazon("sesv2").add_client_error("get_email_identity", "AccessDeniedException")
    with pytest.raises(NotSaidError) as told:
        standing_of_address(ADDRESS)
    assert told.value.reason == "AccessDeniedException"


def number(text: str, status: str = "ACTIVE", *able: str) -> dict[str, Any]:
    return {
        "PhoneNumberArn": "arn:aws:sms-voice:us-east-1:111122223333:phone-number/phone-1",
        "PhoneNumber": text,
        "Status": status,
        "IsoCountryCode": "US",
        "MessageType": "TRANSACTIONAL",
        "NumberCapabilities": list(able or ("SMS",)),
        "NumberType": "TOLL_FREE",
        "MonthlyLeasingPrice": "2.00",
        "TwoWayEnabled": False,
        "SelfManagedOptOutsEnabled": False,
        "OptOutListName": "Default",
        "DeletionProtectionEnabled": False,
        "CreatedTimestamp": 0,
    }


def test_a_number_is_found_page_by_page(amazon: Amazon) -> None:
    texts = amazon("pinpoint-sms-voice-v2")
    first = {"PhoneNumbers": [number("+18005550101")], "NextToken": "more"}
    texts.add_response("describe_phone_numbers", first, {"MaxResults": 100})
    second = {"PhoneNumbers": [number("+18005550100")]}
    texts.add_response("describe_phone_numbers", second, {"MaxResults": 100, "NextToken": "more"})
    assert standing_of_texts("+18005550100").standing is SenderStanding.VERIFIED


@pytest.mark.parametrize(
    ("numbers", "standing"),
    [
        ([], SenderStanding.MISSING),
        ([number("+18005550100", "PENDING")], SenderStanding.PENDING),
        ([number("+18005550100", "ACTIVE", "VOICE")], SenderStanding.PENDING),
    ],
)
def test_a_number_that_takes_no_texts(
    amazon: Amazon, numbers: list[dict[str, Any]], standing: SenderStanding
) -> None:
    texts = amazon("pinpoint-sms-voice-v2")
    texts.add_response("describe_phone_numbers", {"PhoneNumbers": numbers}, {"MaxResults": 100})
    assert standing_of_texts("+18005550100").standing is standing


def test_a_pool_and_a_named_number_are_asked_for_by_name(amazon: Amazon) -> None:
    texts = amazon("pinpoint-sms-voice-v2")
    pool = {
        "PoolArn": "arn:aws:sms-voice:us-east-1:111122223333:pool/pool-12345678",
        "PoolId": "pool-12345678",
        "Status": "CREATING",
        "MessageType": "TRANSACTIONAL",
        "TwoWayEnabled": False,
        "SelfManagedOptOutsEnabled": False,
        "OptOutListName": "Default",
        "SharedRoutesEnabled": False,
        "DeletionProtectionEnabled": False,
        "CreatedTimestamp": 0,
    }
    texts.add_response("describe_pools", {"Pools": [pool]}, {"PoolIds": ["pool-12345678"]})
    assert standing_of_texts("pool-12345678").standing is SenderStanding.PENDING
    texts.add_response(
        "describe_phone_numbers",
        {"PhoneNumbers": [number("+18005550100")]},
        {"PhoneNumberIds": ["phone-12345678"]},
    )
    assert standing_of_texts("phone-12345678").standing is SenderStanding.VERIFIED
    texts.add_client_error("describe_phone_numbers", "ResourceNotFoundException")
    assert standing_of_texts("phone-99999999").standing is SenderStanding.MISSING


@pytest.mark.parametrize(
    ("state", "status", "standing"),
    [
        ("ACTIVE", "PUBLISHED", SenderStanding.VERIFIED),
        ("ACTIVE", "SAVED", SenderStanding.PENDING),
        ("ARCHIVED", "PUBLISHED", SenderStanding.PENDING),
    ],
)
def test_a_contact_flow_has_to_be_published(
    amazon: Amazon, state: str, status: str, standing: SenderStanding
) -> None:
    amazon("connect").add_response(
        "describe_contact_flow",
        {"ContactFlow": {"Id": "flow-1", "State": state, "Status": status}},
        {"InstanceId": "instance-1", "ContactFlowId": "flow-1"},
    )
    assert standing_of_flow("instance-1", "flow-1").standing is standing


def test_a_contact_flow_that_is_gone_is_missing(amazon: Amazon) -> None:
    amazon("connect").add_client_error("describe_contact_flow", "ResourceNotFoundException")
    assert standing_of_flow("instance-1", "flow-1").standing is SenderStanding.MISSING
