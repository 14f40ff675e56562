"""Pages for everybody have the navigation for those who are signed in, and for nobody else."""

import pytest
from django.test import Client

from tests.support.people import make_person
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
NAVIGATION = '<nav class="site-nav"'
PAGES = ("/mfa-help/", "/mfa-help/request/no_admin/", "/wv-bh/terms/")


@pytest.mark.parametrize("path", PAGES)
def test_signed_in_there_is_a_way_back_to_the_portal(client: Client, path: str) -> None:
    assert NAVIGATION not in client.get(path).content.decode()
    sign_in_directly(client, make_person())
    assert NAVIGATION in client.get(path).content.decode()
