"""The files that a deployment gives to Amazon say what the code needs, and no more."""

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast, get_args

import boto3
import pytest
from botocore import xform_name
from pytest_django import Settings

from core.mfa.codes import DIGITS
from core.notifications.channels import aws, aws_clients
from core.notifications.channels.base import Sender
from core.notifications.kinds import Expected, Rendered, VoicePrompt

HOWTO = Path(__file__).resolve().parents[2] / "docs" / "howto"
# Which of Amazon's services and IAM prefixes stand behind each client.
CLIENTS = {
    aws_clients.EmailClient: ("sesv2", "ses"),
    aws_clients.TextClient: ("pinpoint-sms-voice-v2", "sms-voice"),
    aws_clients.CallClient: ("connect", "connect"),
    aws_clients.TopicClient: ("sns", "sns"),
}


def read(name: str) -> Any:
    return json.loads((HOWTO / name).read_text())


def flow_actions() -> dict[str, dict[str, Any]]:
    return {each["Identifier"]: each for each in read("connect-contact-flow.json")["Actions"]}


def next_of(action: dict[str, Any]) -> set[str]:
    ways = action["Transitions"]
    branches = [*ways.get("Errors", []), *ways.get("Conditions", [])]
    return {each["NextAction"] for each in [ways, *branches] if "NextAction" in each}


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else []:
        yield from texts(part)


def written_by_the_flow() -> set[str]:
    return {
        name
        for action in flow_actions().values()
        if action["Type"] == "UpdateContactAttributes"
        for name in action["Parameters"]["Attributes"]
    }


def read_by_the_flow() -> set[str]:
    found = {
        match[1]
        for action in flow_actions().values()
        for text in texts(action["Parameters"])
        for match in re.finditer(r"\$\.Attributes\.(\w+)", text)
    }
    return found - written_by_the_flow()


def set_by_the_code() -> set[str]:
    rendered = Rendered(to="+13045550123", subject="", text="", voice=VoicePrompt("Hello."))
    return set(
        aws.call_request(rendered, sender=Sender("P", "p@example.org"), reference="x")["Attributes"]
    )


def test_every_way_through_the_flow_ends_with_hanging_up() -> None:
    actions = flow_actions()
    reached, waiting = set(), {read("connect-contact-flow.json")["StartAction"]}
    while waiting:
        here = waiting.pop()
        reached.add(here)
        waiting |= next_of(actions[here]) - reached
    assert reached == set(actions)
    ends = [name for name, action in actions.items() if not next_of(action)]
    assert [actions[name]["Type"] for name in ends] == ["DisconnectParticipant"]


def test_the_flow_leaves_the_keys_where_the_code_reads_them() -> None:
    assert written_by_the_flow() == {aws.ENTERED}
    assert aws.ENTERED not in set_by_the_code()


def test_the_flow_reads_nothing_that_the_code_does_not_set() -> None:
    assert read_by_the_flow() <= set_by_the_code()
    # The name of the message is for reading back alone.
    assert set_by_the_code() - read_by_the_flow() == {aws.MESSAGE}


def test_the_flow_knows_every_way_to_be_answered() -> None:
    compare = flow_actions()["what-is-expected"]
    offered = {each["Condition"]["Operands"][0] for each in compare["Transitions"]["Conditions"]}
    assert offered == set(get_args(Expected))


def test_the_flow_takes_as_many_digits_as_the_page_shows() -> None:
    ask = flow_actions()["digits-ask"]["Parameters"]
    assert ask["InputValidation"]["CustomValidation"]["MaximumLength"] == str(DIGITS)


def test_the_flow_neither_logs_nor_records() -> None:
    kinds = {action["Type"]: action["Parameters"] for action in flow_actions().values()}
    assert kinds["UpdateFlowLoggingBehavior"] == {"FlowLoggingBehavior": "Disabled"}
    behaviour = kinds["UpdateContactRecordingBehavior"]["RecordingBehavior"]
    assert behaviour == {"RecordedParticipants": []}


def actions_of(name: str, effect: str = "Allow") -> set[str]:
    found: set[str] = set()
    for statement in read(name)["Statement"]:
        if statement["Effect"] == effect:
            named = statement["Action"]
            found |= {named} if isinstance(named, str) else set(named)
    return found


def used_actions() -> set[str]:
    found = set()
    for protocol, (service, prefix) in CLIENTS.items():
        client = boto3.session.Session().client(cast("Any", service), region_name="us-east-1")
        names = {xform_name(name): name for name in client.meta.service_model.operation_names}
        methods = [name for name, _ in inspect.getmembers(protocol, inspect.isfunction)]
        found |= {f"{prefix}:{names[name]}" for name in methods if name in names}
    return found


def test_the_policies_allow_exactly_what_the_code_calls(settings: Settings) -> None:
    allowed = actions_of("channels-iam-policy.json")
    with_sns = actions_of("channels-iam-policy-sns-texts.json")
    assert allowed | with_sns == used_actions()
    assert with_sns == {"sns:Publish"}
    assert actions_of("channels-iam-policy-sns-texts.json", "Deny") == {"sns:Publish"}


def test_the_main_policy_names_its_resources() -> None:
    for statement in read("channels-iam-policy.json")["Statement"]:
        named = statement["Resource"]
        for resource in [named] if isinstance(named, str) else named:
            assert re.fullmatch(r"arn:aws:[a-z-]+:us-east-1:111122223333:[\w/.*-]+", resource)
            assert not resource.endswith(":*")


@pytest.mark.parametrize("name", ["connect-contact-flow.json", "channels-iam-policy.json"])
def test_the_guide_names_the_file(name: str) -> None:
    assert name in (HOWTO / "set-up-channels.md").read_text()
