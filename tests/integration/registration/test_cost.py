"""What a registration costs in database statements: at most 60 in all, no page more than 25."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.notifications.models import LocalMessage
from tests.integration.registration.journeys import CLAIMS, person, text_of

pytestmark = pytest.mark.django_db(transaction=True)

_MOST_IN_ALL = 60
_MOST_FOR_A_PAGE = 25


@pytest.mark.parametrize(
    ("slug", "begin"),
    [(slug, f"/{slug}/register/") for slug in CLAIMS] + [("acentra-sample", "/register/")],
)
def test_from_the_first_page_to_the_mailed_link(slug: str, begin: str) -> None:
    client = Client(SERVER_NAME="localhost")
    client.get(f"/{slug}/terms/")  # reads contracts and documents into the process's memory
    costs: dict[str, int] = {}

    def visit(path: str, data: dict[str, str] | None = None) -> str:
        with CaptureQueriesContext(connection) as queries:
            response = client.get(path) if data is None else client.post(path, data)
        name = ("GET " if data is None else "POST ") + path.rstrip("/").rpartition("/")[2]
        statements = [query["sql"] for query in queries.captured_queries]
        costs[name] = len(statements)
        if name == "POST terms":
            # The mail is handed over in place here, after the commit; in production a worker does.
            costs[name] = statements.index("COMMIT") + 1
            costs["delivery"] = len(statements) - costs[name]
        assert response.status_code == (200 if data is None else 302), text_of(response)
        return str(response.get("Location", ""))

    visit(begin)
    provider = visit(begin, dict(CLAIMS[slug]))
    visit(provider)
    path = provider.removesuffix("provider/")
    visit(f"{path}information/")
    terms = visit(f"{path}information/", person())
    visit(terms)
    confirmation = visit(terms, {"accepted": "on"})
    visit(confirmation)
    assert LocalMessage.objects.filter(to=person()["email"]).count() == 1
    assert sum(costs.values()) <= _MOST_IN_ALL, costs
    assert max(costs.values()) <= _MOST_FOR_A_PAGE, costs
