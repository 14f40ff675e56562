"""A journey, a program's pages and somebody who walks them."""

import pytest

from core.accounts.models import User
from tenants.registry import get_contract
from tests.integration.first_login.walking import make_imported
from tests.integration.journeys.sites import Site
from tests.integration.journeys.stops import CONFIRMATION, COURSES, FIRST_LOGIN, Course
from tests.support.people import make_person, make_provider


@pytest.fixture
def site() -> Site:
    return Site("wv-bh", on_own_host=False)


@pytest.fixture(params=COURSES, ids=lambda course: course.name)
def course(request: pytest.FixtureRequest) -> Course:
    found: Course = request.param
    return found


@pytest.fixture
def user(course: Course) -> User:
    """Return somebody of the program, who has yet to accept its terms where they are a step."""
    made = make_imported() if course is FIRST_LOGIN else make_person()
    make_provider(made, get_contract("wv-bh"), accepted=course is CONFIRMATION)
    return made
