"""Every address against every role: a new URL has a row here or the build fails.

Roles: nobody signed in; an outsider (signed in, no provider); a Provider Staff Account, a Provider
Admin and a Provider Group Admin of one provider; and a reader there, whose role the contract has
added: it sees Setup and changes nothing. A row says what a GET answers on the portal host;
`LOGIN` means a redirect to Login options, `HOME` one to home. Addresses that name something name
what nobody has, so that scope shows as 404. The pages of staff have a table more, for the four
roles of staff. Each refusal of somebody signed in has left exactly one event.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from unittest import mock
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from core.staff.models import StaffRole
from tenants.context import ActiveContract
from tests.architecture.staff_addresses import STAFF_TABLE, Answer
from tests.support.naive import must_fail
from tests.support.refusals import RecordedRefusals
from tests.support.staff import staff_client

ROLES = ("nobody", "outsider", "staff", "reader", "provider_admin", "group_admin")
LOGIN, HOME = "to login", "to home"
FABRICATED: dict[str, object] = {
    "uuid": UUID("01900000-0000-7000-8000-000000000000"),
    "str": "nothing",
    "digest": "0" * 16,
    "number": "0" * 32,
    "image": "0" * 64,
    "color": "0" * 6,
    "slug": "nothing",
    "int": 1,
    "path": "nothing",
}


@dataclass(frozen=True)
class Row:
    """What a GET answers to somebody who is not signed in, and to those who are.

    A reader is answered as a Provider Staff Account, except where it is said.
    """

    nobody: Answer
    outsider: Answer
    staff: Answer
    provider_admin: Answer
    group_admin: Answer
    own_of_reader: Answer | None = None

    @property
    def reader(self) -> Answer:
        return self.staff if self.own_of_reader is None else self.own_of_reader


def same(answer: Answer) -> Row:
    return Row(answer, answer, answer, answer, answer)


def after_sign_in(answer: Answer = 200, *, outsider: Answer | None = None) -> Row:
    first = answer if outsider is None else outsider
    return Row(LOGIN, first, answer, answer, answer)


def in_setup(answer: Answer, *, reader: Answer) -> Row:
    return Row(LOGIN, 302, 302, answer, answer, reader)


def before_sign_in(answer: Answer) -> Row:
    return Row(answer, HOME, HOME, HOME, HOME)


TABLE: dict[str, Row] = {
    "healthz": same(200),
    "readyz": same(200),
    "tenants:brand_css": same(200),
    # An image that is not there
    "tenants:logo": same(404),
    "tenants:preview_css": same(200),
    "tenants:contract_schema": same(200),
    "tenants:portal_identity": same(200),
    # What the API is; its calls are opened by tokens alone (test_api_roles.py)
    "api:index": same(200),
    "api:openapi": same(200),
    "api:reference": same(200),
    # Sign-in
    "login_options": before_sign_in(200),
    "sign_in_phone": same(200),
    "sign_in_email": same(200),
    "sign_in_totp": same(200),
    "sign_in_passkey": same(200),
    "employee_login": same(200),
    "reactivate": before_sign_in(LOGIN),
    "sign_out": same(LOGIN),
    "mail_again": same(405),
    "session": Row(401, 200, 200, 200, 200),
    "mfa_help": same(200),
    # Second factor: without a sign-in or registration under way there is nothing to see
    "mfa:first_login": before_sign_in(200),
    "mfa:registration_link": same(200),
    "mfa:link_ended": same(200),
    "mfa:challenge": before_sign_in(LOGIN),
    "mfa:challenge_call_state": same(286),
    "mfa:method": before_sign_in(410),
    "mfa:email": before_sign_in(410),
    "mfa:password": before_sign_in(410),
    "mfa:phone": before_sign_in(410),
    "mfa:app": before_sign_in(410),
    "mfa:app_code": same(404),
    "mfa:passkey": before_sign_in(410),
    # Only at the domain of the passkeys, which is no local name
    "mfa:webauthn": same(404),
    "mfa:phone_verify": before_sign_in(410),
    "mfa:call_state": same(286),
    "mfa:paused": same(200),
    # Help is open to everybody; a kind of request that there is not is not found
    "mfa:help_unfinished": same(200),
    "mfa:help_address": same(200),
    "mfa:help_request": same(404),
    "mfa:help_requested": same(302),
    # Forgot password: without a run of this browser there is nothing to continue
    "mfa:forgot": before_sign_in(200),
    "mfa:reset_code": before_sign_in(410),
    "mfa:reset_proof": before_sign_in(410),
    "mfa:reset_call_state": same(286),
    "mfa:reset_present": before_sign_in(410),
    "mfa:reset_password": before_sign_in(410),
    # Confirm that it is you: who has just signed in has confirmed it
    "mfa:confirm": Row(LOGIN, HOME, HOME, HOME, HOME),
    "mfa:confirm_proof": Row(LOGIN, HOME, HOME, HOME, HOME),
    "mfa:confirm_call_state": same(286),
    # Setup: who manages nobody is shown who does; what is nobody's is not found
    "setup:providers": in_setup(200, reader=200),
    "setup:invitations": in_setup(200, reader=200),
    "setup:batches": in_setup(200, reader=403),
    "setup:batch_template": in_setup(200, reader=403),
    "setup:batch": in_setup(404, reader=403),
    "setup:batch_progress": in_setup(404, reader=403),
    "setup:batch_report": in_setup(404, reader=403),
    "setup:batch_start": same(405),
    "setup:batch_discard": same(405),
    "setup:export": same(405),
    "setup:users": in_setup(200, reader=200),
    "setup:provider": in_setup(404, reader=404),
    # Third parties: in the program of these tests there are none
    "setup:third_parties": in_setup(404, reader=403),
    "setup:third_party_give": in_setup(404, reader=403),
    "setup:third_party": in_setup(404, reader=403),
    "setup:third_party_end": in_setup(404, reader=403),
    "setup:third_party_person_end": same(405),
    # An office registers itself, where any program lets one in; the rest is its admins'
    "offices:register": same(200),
    "offices:registered": same(200),
    "offices:link": same(200),
    "offices:link_ended": same(200),
    "offices:username": same(302),
    "offices:accept": after_sign_in(302),
    "offices:offices": after_sign_in(200),
    "offices:username_answer": after_sign_in(404),
    "offices:office": after_sign_in(404),
    "offices:close": after_sign_in(404),
    "offices:new_user": after_sign_in(404),
    "offices:remove": after_sign_in(404),
    "offices:person": after_sign_in(404),
    "offices:person_act": after_sign_in(404),
    "offices:invitation": after_sign_in(404),
    "offices:grant": after_sign_in(404),
    "offices:grant_end": after_sign_in(404),
    "offices:code": same(405),
    "offices:role": same(405),
    "offices:resend": same(405),
    "offices:withdraw": same(405),
    "offices:assignment_end": same(405),
    "setup:activity": in_setup(200, reader=200),
    # The contract of these providers asks for no review
    "setup:access_review": in_setup(404, reader=403),
    "setup:weekly": same(405),
    # The link of a weekly mail: its page is the same for every token
    "weekly_off": same(200),
    "weekly_is_off": same(200),
    "setup:grid": in_setup(200, reader=403),
    "setup:user": in_setup(404, reader=404),
    "setup:give_up": in_setup(404, reader=404),
    "setup:new_user": in_setup(404, reader=403),
    "setup:username": in_setup(200, reader=403),
    "setup:invitation": in_setup(404, reader=404),
    "setup:readdress": in_setup(404, reader=403),
    "setup:details": in_setup(404, reader=403),
    "setup:resend": same(405),
    "setup:withdraw": same(405),
    "setup:requests": in_setup(200, reader=403),
    "setup:request_new_user": in_setup(404, reader=403),
    "setup:request": in_setup(404, reader=403),
    "setup:recovery": in_setup(404, reader=404),
    "setup:recover": after_sign_in(404),
    "own_request_recover": after_sign_in(404),
    "own_recovery_withdraw": same(405),
    "own_requests": after_sign_in(200),
    "own_request_withdraw": same(405),
    # Links of invitations: one that does not work looks like one that does, and says nothing
    "invitation": same(200),
    "invitation_ended": same(200),
    "invitation_accept": after_sign_in(302),
    "setup:act": in_setup(404, reader=403),
    "setup:role": same(405),
    "setup:move": in_setup(404, reader=403),
    "setup:remove": in_setup(404, reader=403),
    "setup:administrators": after_sign_in(200),
    # The account's own factors: what the deployment's default accepts can be added, except by who
    # works in a program that accepts neither app nor passkey
    "mfa:factors": after_sign_in(200),
    "mfa:factor_app": Row(LOGIN, 200, 404, 404, 404),
    "mfa:factor_app_code": Row(LOGIN, 200, 404, 404, 404),
    "mfa:factor_app_remove": after_sign_in(302),
    "mfa:factor_passkey": Row(LOGIN, 200, 404, 404, 404),
    "mfa:factor_passkey_name": after_sign_in(404),
    "mfa:factor_passkey_remove": after_sign_in(404),
    "mfa:factor_recovery": after_sign_in(302),
    # A program asks for a factor: on the portal host no program is in hand
    "mfa:step_up": after_sign_in(404),
    "mfa:step_up_call_state": same(286),
    # After sign-in
    "home": after_sign_in(200),
    # Change Context; what is nobody's is not found
    "context": after_sign_in(200),
    "context_choose": same(405),
    "provider": after_sign_in(404),
    # My account. Who has just signed in has confirmed it; a run that is not theirs leads to its
    # beginning.
    "account": after_sign_in(200),
    "account_details": after_sign_in(200),
    "account_sessions": after_sign_in(200),
    "account_sessions_end": same(405),
    "account_session_end": same(405),
    "account_history": after_sign_in(200),
    "account_rules": after_sign_in(200),
    "mfa:account_email": after_sign_in(200),
    "mfa:account_email_verify": after_sign_in(302),
    "mfa:account_phone": after_sign_in(200),
    "mfa:account_phone_verify": after_sign_in(302),
    "mfa:account_phone_call": after_sign_in(286),
    "mfa:account_password": after_sign_in(200),
    "mfa:account_browsers": after_sign_in(200),
    "mfa:account_browsers_forget": same(405),
    "mfa:account_browser_forget": same(405),
    "mfa:account_data": after_sign_in(200),
    # Registration: open to everybody; somebody signed in adds a provider to the account instead.
    # A journey that is not this browser's leads back to the first page.
    "registration:start": Row(200, 302, 302, 302, 302),
    "registration:choose": same(302),
    "registration:no_code": same(200),
    "registration:ask": same(302),
    # In a contract alone
    "dispute:open": same(404),
    "dispute:sent": same(404),
    "registration:reset": same(200),
    "registration:link": same(200),
    "registration:link_ended": same(200),
    "registration:provider": same(302),
    "registration:information": same(302),
    "registration:username": same(302),
    "registration:terms_accept": same(302),
    "registration:confirmation": same(302),
    "registration:resend": same(302),
    "registration:address": same(302),
    "registration:terms_due": before_sign_in(LOGIN),
    "registration:terms": same(200),
    "registration:terms_version": same(404),
    # Whoever proves identifier and code may add a provider, whatever their role elsewhere
    "registration:add_provider": after_sign_in(200),
    "registration:add_confirm": after_sign_in(302),
    "registration:withdraw": after_sign_in(404),
    "registration:join": after_sign_in(302),
    "registration:add_done": after_sign_in(HOME),
    "registration:add_claimed": after_sign_in(302),
    "staff:factor_call_state": same(286),
    # Employees' sign-in: no provider of the tests has this key
    "staff:oidc_begin": same(405),
    "staff:oidc_callback": same(404),
    "staff:oidc_confirm": after_sign_in(404),
    # Invitations to staff: the link's page is the same for every token
    "staff:invitation": same(200),
    "staff:invitation_ended": same(200),
    "staff:invitation_name": same(302),
    "staff:invitation_accept": after_sign_in(302),
    # Pages of staff: to everybody else they do not exist
    **{name: after_sign_in(404) for name in STAFF_TABLE},
    # Buttons
    "staff:request_account": same(405),
    "staff:request_take": same(405),
    "staff:request_give_back": same(405),
    "staff:oidc_link": same(405),
    "roster:upload_begin": same(405),
    "roster:import_back": same(405),
    "roster:upload_cancel": same(405),
    # Links to previews: one that does not work says so to everybody alike
    "preview:pages": same(404),
    "preview:page": same(404),
    # Signed by providers; nobody's browser goes there
    "callbacks:voice": same(405),
    "callbacks:topic": same(405),
}


def names() -> dict[str, dict[str, object]]:
    """Return every named address of the portal, with fabricated values for its parts."""
    found: dict[str, dict[str, object]] = {}

    def walk(resolver: URLResolver, namespace: str, before: Mapping[str, object]) -> None:
        for entry in resolver.url_patterns:
            converters = {**before, **entry.pattern.converters}
            if isinstance(entry, URLResolver):
                inner = f"{entry.namespace}:" if entry.namespace else ""
                walk(entry, namespace + inner, converters)
            elif isinstance(entry, URLPattern):
                values = {
                    name: FABRICATED[_kind(converter)] for name, converter in converters.items()
                }
                assert entry.name, f"{entry.pattern} has no name"
                found[namespace + entry.name] = values

    walk(get_resolver("config.urls"), "", {})
    return found


def _kind(converter: object) -> str:
    return type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")


TABLE |= {name: same(401) for name in names() if name.startswith("api:") and name not in TABLE}


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert set(names()) == set(TABLE)


def answer_to(client: Client, path: str) -> Answer:
    response = client.get(path)
    target = response.headers.get("Location", "") if response.status_code in {301, 302} else ""
    if target.split("?")[0] == reverse("login_options"):
        return LOGIN
    return HOME if target == reverse("home") else int(response.status_code)


@pytest.mark.django_db
@pytest.mark.slow
def test_every_staff_address_answers_each_role_of_staff(
    contract_a: ActiveContract, refused: RecordedRefusals
) -> None:
    wrong, addresses = [], names()
    for role in StaffRole:
        where = contract_a if role is StaffRole.CONTRACT_ADMIN else None
        client = staff_client(role, where, name=role.value.replace("_", "-"))
        for name, row in STAFF_TABLE.items():
            values = addresses[name]
            answer = answer_to(client, reverse(name, kwargs=values))
            refused.note(client, name, answer, has_key=bool(values))
            if answer != getattr(row, role.value):
                wrong.append(f"{name} for {role}: {answer}, not {getattr(row, role.value)}")
    assert wrong == []
    refused.assert_recorded()


@pytest.mark.django_db
@pytest.mark.slow
def test_every_address_answers_each_role_as_its_row_says(
    clients: dict[str, Client], refused: RecordedRefusals
) -> None:
    wrong = []
    for name, values in names().items():
        for role in ROLES:
            answer = answer_to(clients[role], reverse(name, kwargs=values))
            refused.note(clients[role], name, answer, has_key=bool(values))
            if answer != (expected := getattr(TABLE[name], role)):
                wrong.append(f"{name} for {role}: {answer}, not {expected}")
    assert wrong == []
    refused.assert_recorded()


@pytest.mark.django_db
@pytest.mark.slow
def test_a_view_without_its_door_answers_everybody(
    clients: dict[str, Client], refused: RecordedRefusals
) -> None:
    """The naive way: who knows the address comes in."""
    patterns = import_module("core.accounts.urls").urlpatterns
    [opened] = [one for one in patterns if one.name == "account_details"]
    with (
        mock.patch.object(opened, "callback", return_value=HttpResponse()),
        mock.patch(f"{__name__}.names", return_value={opened.name: {}}),
        must_fail(where="assert wrong == []"),
    ):
        test_every_address_answers_each_role_as_its_row_says(clients, refused)
