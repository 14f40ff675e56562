"""What sign-in costs the database."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants.context import ActiveContract
from tests.support.people import PASSWORD, PHONE, last_code, make_person, make_provider

pytestmark = pytest.mark.django_db
# The tests' own transaction turns every transaction into a savepoint; those do not count.
MOST_ON_ONE_PAGE = 25


def prefixes(contract: ActiveContract) -> list[str]:
    return ["", f"/{contract.slug}"]


def test_warm_pages_before_sign_in_cost_nothing(client: Client, contract_a: ActiveContract) -> None:
    pages = ["/", "/login/phone/", "/login/email/", "/mfa-help/", "/first-login/"]
    for path in [prefix + page for prefix in prefixes(contract_a) for page in pages]:
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        assert [query["sql"] for query in captured] == []


def test_no_request_of_a_sign_in_costs_more_than_a_page_may(
    client: Client, contract_a: ActiveContract
) -> None:
    user = make_person()
    make_provider(user, contract_a)
    costs: dict[str, int] = {}

    def ask(name: str, path: str, data: dict[str, str] | None = None) -> None:
        with CaptureQueriesContext(connection) as captured:
            response = client.post(path, data) if data is not None else client.get(path)
        assert response.status_code in {200, 302}
        costs[name] = len([query for query in captured if "SAVEPOINT" not in query["sql"]])

    ask("options", "/")
    ask("form", "/login/phone/")
    ask("password", "/login/phone/", {"email": user.email, "password": PASSWORD})
    ask("choice", "/login/verify/")
    ask("send", "/login/verify/", {"action": "send", "channel": "sms"})
    code = last_code(PHONE)
    ask("entry", "/login/verify/")
    ask("verify", "/login/verify/", {"action": "verify", "code": code})
    ask("home", "/home/")
    assert client.session.get("_auth_user_id") == str(user.id)
    assert {name: cost for name, cost in costs.items() if cost > MOST_ON_ONE_PAGE} == {}
