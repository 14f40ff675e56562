"""What a registration costs in database statements: at most 60 in all, no page more than 25."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.notifications.models import LocalMessage
from tests.integration.registration.journeys import CLAIMS, Browser, acceptance, person, text_of

# Committed for real, so that every BEGIN and COMMIT counts.
pytestmark = pytest.mark.django_db(transaction=True)

_MOST_IN_ALL = 60
_MOST_FOR_A_PAGE = 25
_BEGINNINGS = {
    "wv-bh": "/wv-bh/register/",
    "ms-um": "/ms-um/register/",
    "va-dmas": "/va-dmas/register/",
    # The dearest way: the portal host looks for the contract, and the code is an issued one.
    "acentra-sample": "/register/",
}


def test_from_the_first_page_to_the_mailed_link() -> None:
    Browser().get("/terms/")  # reads contracts and documents into the process's memory
    for slug, begin in _BEGINNINGS.items():
        email = f"{slug}@clinic.example.org"
        costs = _costs(slug, begin, dict(CLAIMS[slug]), person(username=slug, email=email))
        assert LocalMessage.objects.filter(to=email).count() == 1
        assert sum(costs.values()) <= _MOST_IN_ALL, (slug, costs)
        assert max(costs.values()) <= _MOST_FOR_A_PAGE, (slug, costs)


def _costs(
    slug: str, begin: str, claim: dict[str, str], information: dict[str, str]
) -> dict[str, int]:
    """Walk from the first page to the confirmation; return the statements of each page."""
    browser = Browser()
    costs: dict[str, int] = {}

    def visit(path: str, data: dict[str, str] | None = None) -> str:
        with CaptureQueriesContext(connection) as queries:
            response = browser.get(path) if data is None else browser.post(path, data)
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
    provider = visit(begin, claim)
    visit(provider)
    path = provider.removesuffix("provider/")
    visit(f"{path}information/")
    terms = visit(f"{path}information/", information)
    visit(terms)
    visit(visit(terms, acceptance(slug)))
    return costs
