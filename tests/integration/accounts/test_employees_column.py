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


def test_whoever_signed_in_last_is_named_where_the_button_is(
    client: Client, contract_a: ActiveContract
) -> None:
    path = f"/{contract_a.slug}/"
    client.cookies["employee"] = "Zo%C3%AB %3Cb%3E"
    assert "Last signed in" not in client.get(path).content.decode()
    client.post(f"{path}login/employees/", {"remember_column": "on"})
    for page in (client.get(path), client.get("/")):
        assert "<strong>Zoë &lt;b&gt;</strong>" in page.content.decode()
    client.post(f"{path}login/employees/")
    assert "Last signed in" not in client.get(path).content.decode()


@pytest.mark.parametrize("name", ["%00", "%E2%80%AE" + "x", ""])
def test_what_is_no_name_is_not_shown(
    client: Client, contract_a: ActiveContract, name: str
) -> None:
    client.cookies["column"], client.cookies["employee"] = "employees", name
    assert "Last signed in" not in client.get(f"/{contract_a.slug}/").content.decode()


def test_the_page_says_that_company_sign_in_is_not_set_up(
    client: Client, contract_a: ActiveContract
) -> None:
    page = client.get(f"/{contract_a.slug}/login/employees/").content.decode()
    assert "Company sign-in is not set up yet" in page
    assert contract_a.document.support[0].purpose in page


def test_who_comes_from_a_staff_page_is_told_which_box_is_theirs(client: Client) -> None:
    words = "The page that you opened is for staff"
    assert words in client.get("/staff/contracts/", follow=True).content.decode()
    for elsewhere in ("/", "/?next=/home/", "/?next=//staff/", "/?next=/staffing/"):
        assert words not in client.get(elsewhere).content.decode(), elsewhere
