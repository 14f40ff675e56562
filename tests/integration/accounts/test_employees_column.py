"""The employees' column of Login options: it keeps the choice and a first name."""

import pytest
from django.test import Client

from tenants.context import ActiveContract

pytestmark = pytest.mark.django_db


def box_of(page: str) -> str:
    start = page.index('name="remember_column"')
    return page[start : page.index(">", start)]


def test_the_box_keeps_the_choice_of_column_and_signs_nobody_in(
    client: Client, contract_a: ActiveContract
) -> None:
    path = f"/{contract_a.slug}/"
    page = client.get(path).content.decode()
    assert "checked" not in box_of(page)
    assert "that you use this button, and your first name" in page
    response = client.post(f"{path}login/employees/", {"remember_column": "on"})
    assert response.headers["Location"] == f"{path}login/employees/"
    cookie = response.cookies["column"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("employees", True, "Lax")
    assert "checked" in box_of(client.get(path).content.decode())
    assert client.get(f"{path}home/").status_code == 302

    client.post(f"{path}login/employees/")
    assert "checked" not in box_of(client.get(path).content.decode())


def test_any_other_value_is_no_choice(client: Client, contract_a: ActiveContract) -> None:
    client.cookies["column"] = "<script>"
    page = client.get(f"/{contract_a.slug}/").content.decode()
    assert "checked" not in box_of(page)


def test_the_page_says_that_company_sign_in_is_not_set_up(
    client: Client, contract_a: ActiveContract
) -> None:
    page = client.get(f"/{contract_a.slug}/login/employees/").content.decode()
    assert "Company sign-in is not set up yet" in page
    assert contract_a.document.support[0].purpose in page
