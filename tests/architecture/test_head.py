"""Whatever answers GET answers HEAD, with the same status and no body."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.architecture.test_url_roles import names
from tests.support.people import make_person
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db


@pytest.mark.slow
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_every_address_that_answers_get_answers_head(is_signed_in: bool) -> None:
    client = Client()
    if is_signed_in:
        sign_in_directly(client, make_person("dana", phone=None))
    wrong = []
    for name, values in names().items():
        path = reverse(name, kwargs=values)
        shown, head = client.get(path), client.head(path)
        if (shown.status_code, b"") != (head.status_code, head.content):
            wrong.append(f"{name}: GET {shown.status_code}, HEAD {head.status_code}")
    assert wrong == []
