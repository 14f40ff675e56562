"""Staff roles, identity providers and channels in the deployment's document."""

from datetime import date
from pathlib import Path

import pytest

from tenants.configuration.channels import ChannelsSection
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.diff import difference
from tenants.configuration.document import ContractDocument
from tenants.configuration.exporting import Comments, to_toml
from tenants.configuration.gates import GateContext, contract_failures, deployment_failures
from tenants.configuration.loading import (
    DocumentErrors,
    load_contract,
    parse_contract,
    parse_deployment,
)
from tenants.configuration.staff import StaffRolesSection
from tests.unit.configuration.documents import DEPLOYMENT, PROGRAMS, changed, sample

ISSUER = "https://login.example.org/staff"
STAFF = f"""
[[identity_providers]]
name = "Company sign-in"
issuer = "{ISSUER}"
client_id = "provider-portal"
secret_variable = "STAFF_LOGIN_SECRET"
allowed_domains = ["example.org"]

[[identity_providers.role_mappings]]
claim = "groups"
value = "portal-operators"
role = "operator"

[[identity_providers.role_mappings]]
claim = "groups"
value = "portal-wv"
role = "contract_admin"
contracts = ["wv-bh"]

[[identity_providers]]
name = "State sign-in"
issuer = "https://sso.state.example.gov"
client_id = "portal"
secret_variable = "STATE_LOGIN_SECRET"
allowed_domains = ["state.example.gov", "agency.example.gov"]

[staff_roles.help_desk]
permissions = ["users.view", "users.unlock"]
"""
TEXT = DEPLOYMENT.read_text("utf-8") + STAFF


def document() -> DeploymentDocument:
    return parse_deployment(TEXT)


def test_what_is_written_is_what_is_read() -> None:
    company, state = document().identity_providers
    assert (company.issuer, company.secret_variable) == (ISSUER, "STAFF_LOGIN_SECRET")
    assert [mapping.role for mapping in company.role_mappings] == ["operator", "contract_admin"]
    assert company.role_mappings[1].contracts == ("wv-bh",)
    assert state.allowed_domains == ("state.example.gov", "agency.example.gov")
    roles = document().staff_roles
    assert roles.help_desk.permissions == ("users.view", "users.unlock")
    assert roles.auditor == StaffRolesSection().auditor
    assert document().channels.email.monthly_budget_dollars == 500
    assert document().channels.sms.senders == ()


def test_auditors_read_everything_that_can_be_read_and_only_they_read_the_audit() -> None:
    roles = StaffRolesSection()
    reading = {
        permission
        for role in (roles.operator, roles.contract_admin, roles.help_desk)
        for permission in role.permissions
        if permission.endswith(".view")
    }
    assert set(roles.auditor.permissions) == reading | {"audit.view"}
    assert "audit.view" not in reading


@pytest.mark.parametrize("comments", ["plain", "with comments"])
def test_exporting_again_gives_the_same_bytes(comments: Comments) -> None:
    text = to_toml(document(), comments=comments)
    assert parse_deployment(text) == document()
    assert to_toml(parse_deployment(text), comments=comments) == text
    assert "STAFF_LOGIN_SECRET" in text


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_exporting_a_contract_again_gives_the_same_bytes(path: Path) -> None:
    given = changed(load_contract(path), staff__issuers=[ISSUER])
    text = to_toml(given)
    assert parse_contract(text) == given
    assert to_toml(parse_contract(text)) == text


def test_an_exported_section_carries_its_explanation() -> None:
    text = to_toml(document(), comments="with comments")
    assert "# The environment variable that holds the client's secret" in text
    assert "# What a calendar month may cost in US dollars" in text
    assert "# One of: operator, contract_admin, help_desk, auditor." in text


MISTAKES = [
    (f'issuer = "{ISSUER}"', 'issuer = "login.example.org"', "issuer", "An issuer is an https://"),
    (f'issuer = "{ISSUER}"', 'issuer = "http://login.example.org"', "issuer", "https://"),
    ('"STAFF_LOGIN_SECRET"', '"q7-Zx.not-a-name"', "secret_variable", "never stands in a document"),
    ('["example.org"]', "[]", "allowed_domains", "must not be empty"),
    ('["example.org"]', '["@example.org"]', "allowed_domains.0", "full domain name"),
    ('role = "operator"', 'role = "admin"', "role_mappings.0.role", "'operator', 'contract_admin'"),
    ('contracts = ["wv-bh"]', "", "role_mappings.1", "list their slugs"),
    ('role = "operator"', 'role = "operator"\ncontracts = ["wv-bh"]', "role_mappings.0", "leave"),
    ('"portal-wv"\nrole = "contract_admin"\ncontracts = ["wv-bh"]', None, "", "mapped twice"),
    ('client_id = "provider-portal"', 'client_secret = "x"', "client_secret", "no field of this"),
]


@pytest.mark.parametrize(("old", "new", "field", "said"), MISTAKES)
def test_a_mistake_is_named_with_file_line_and_field(
    old: str, new: str | None, field: str, said: str
) -> None:
    if new is None:
        new = '"portal-operators"\nrole = "operator"'
    assert old in TEXT
    text = TEXT.replace(old, new)
    with pytest.raises(DocumentErrors) as caught:
        parse_deployment(text, file="deployment.toml")
    problem = next(item for item in caught.value.problems if said in item.message)
    assert problem.field.removeprefix("identity_providers.0").lstrip(".") == field
    assert problem.line > DEPLOYMENT.read_text("utf-8").count("\n")
    assert "q7-Zx" not in str(caught.value), "perhaps it was the secret"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[staff_roles.auditor]\npermissions = ["users.view", "users.unlock"]', "users.unlock"),
        ('[staff_roles.operator]\npermissions = ["audit.view", "audit.view"]', "listed twice"),
        ('[staff_roles.operator]\npermissions = ["everything"]', "contracts.view"),
        ('[staff_roles.janitor]\npermissions = ["users.view"]', "no field of this name"),
        (STAFF.partition("[[identity_providers.role")[0], "the same issuer"),
    ],
)
def test_roles_and_providers_that_cannot_be_are_refused(more: str, said: str) -> None:
    with pytest.raises(DocumentErrors, match=said):
        parse_deployment(f"{TEXT}\n{more}\n")


@pytest.mark.parametrize(
    ("channel", "values"),
    [
        ("email", {"provider": "pigeon"}),
        ("email", {"senders": ["nobody"]}),
        ("sms", {"senders": ["304-555-0100"]}),
        ("sms", {"monthly_budget_dollars": -1}),
        ("voice", {"senders": ["pool-0123456789abcdef"]}),
    ],
)
def test_a_channel_that_cannot_carry_is_refused(channel: str, values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=channel):
        ChannelsSection.model_validate({channel: values})


def test_senders_of_each_kind() -> None:
    channels = ChannelsSection.model_validate(
        {
            "sms": {"senders": ["+13045550100", "24680", "pool-0123456789abcdef"]},
            "voice": {"senders": ["+13045550100"]},
        }
    )
    assert channels.sms.senders[1] == "24680"


def test_a_difference_names_the_provider_and_the_mapping() -> None:
    after = parse_deployment(
        TEXT.replace('"portal-wv"\nrole = "contract_admin"', '"portal-wv"\nrole = "help_desk"')
    )
    (change,) = difference(document(), after)
    assert change.field == f"identity_providers[{ISSUER}].role_mappings[portal-wv].role"


ON = date(2026, 11, 22)


def contract_with(issuer: str) -> ContractDocument:
    return changed(sample(), staff__issuers=[issuer])


def test_a_contract_names_only_providers_that_the_deployment_describes() -> None:
    known = GateContext(on=ON, issuers={ISSUER})
    assert contract_failures(contract_with(ISSUER), known) == ()
    assert contract_failures(contract_with("https://other.example"), GateContext(on=ON)) == ()
    (failure,) = contract_failures(contract_with("https://other.example"), known)
    assert (failure.gate, failure.field) == ("issuers_are_known", "staff.issuers.0")


def test_a_provider_that_a_contract_names_stays() -> None:
    used = GateContext(on=ON, needed_issuers={ISSUER: "wv-bh", "https://gone.example": "ms-um"})
    (failure,) = deployment_failures(document(), used)
    assert failure.gate == "issuers_are_kept"
    assert "ms-um" in failure.message
