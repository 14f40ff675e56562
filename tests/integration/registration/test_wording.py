"""What pages say where something is missing, wrong, or can be done another way."""

import pytest

from tests.integration.registration.journeys import Browser, Journey, person, text_of

pytestmark = pytest.mark.django_db
_RESET = "/register/reset/"


def test_a_summary_of_errors_names_the_fields() -> None:
    journey = Journey("wv-bh").start()
    long = person(first_name="a" * 200, address_1="b" * 200, city="Charles\u200eton\x01")
    page = text_of(journey.client.post(f"{journey.path}information/", long))
    assert "First name: use 80 characters or fewer." in page
    assert "Address 1: use 120 characters or fewer." in page
    assert "City: remove characters that cannot be seen." in page
    assert " Use 80 characters" not in page


def test_the_information_page_names_the_provider_that_was_found() -> None:
    journey = Journey("wv-bh").start()
    page = text_of(journey.client.get(f"{journey.path}information/"))
    assert "Organizational information Provider Cedar Hollow Counseling" in page
    wrong = text_of(journey.client.post(f"{journey.path}information/", person(fax="")))
    assert "Provider Cedar Hollow Counseling" in wrong


@pytest.mark.parametrize(
    ("slug", "typed", "said"),
    [
        ("wv-bh", {"code": "123456789"}, "Check the provider registration code: it has 10 digits,"),
        ("ms-um", {"code": "12345"}, "Check the provider registration code: it has 9 digits,"),
        ("acentra-sample", {"code": "12"}, "it should look like K7QM"),
        (
            "va-dmas",
            {"remittance_on": "April 4, 2026", "remittance_amount": "1.00", "code": ""},
            "Enter the date in numbers, such as 3/15/2026.",
        ),
    ],
)
def test_a_value_of_the_wrong_shape_is_told_what_the_right_one_looks_like(
    slug: str, typed: dict[str, str], said: str
) -> None:
    answer = Browser().post(f"/{slug}/register/", {"identifier": "1234567893", **typed})
    assert said in text_of(answer)
    assert f"/{slug}{_RESET}" in answer.content.decode(), "Reset is on pages with errors, too"


def test_a_mistyped_npi_is_named_on_the_portal_host_where_nothing_was_found() -> None:
    mistyped = Browser().post("/register/", {"identifier": "1234567890", "code": "0012345678"})
    assert "Check the NPI. It has ten digits" in text_of(mistyped)
    assert "We could not register" not in text_of(mistyped)
    for identifier in ("1234567893", "0090000099", "R6TJ2VYG5M"):
        other = Browser().post("/register/", {"identifier": identifier, "code": "0099999999"})
        assert "We could not register with these numbers" in text_of(other)
        assert "Check the NPI" not in text_of(other)


@pytest.mark.parametrize("path", ["/wv-bh/register/?ended=1", "/wv-bh/mfa/method/"])
def test_pages_that_lead_back_to_the_beginning_offer_reset(path: str) -> None:
    assert f"/wv-bh{_RESET}" in Browser().get(path).content.decode()


def test_reset_promises_what_it_does() -> None:
    Journey("wv-bh").start().inform().submit()
    for _ in range(2):
        page = text_of(Browser().post(f"/wv-bh{_RESET}", {"username": "dreed"}))
        assert "at most once a minute" in page
        assert "on its way" not in page


def test_the_list_of_programs_leaves_out_the_one_in_hand() -> None:
    journey = Journey("wv-bh").start().inform().submit()
    journey.follow()
    journey.prove_email()
    page = journey.client.get("/wv-bh/providers/add/").content.decode()
    assert "Or add it in another program" in page
    assert 'href="/ms-um/providers/add/"' in page
    assert '<a href="/wv-bh/providers/add/">West' not in page
    without = text_of(Browser().get("/register/code/"))
    assert "Choose your program" in without
    assert "Or choose" not in without


def test_every_contact_is_on_every_page_once() -> None:
    for path in ("/wv-bh/", "/wv-bh/register/", "/wv-bh/login/email/", "/wv-bh/no-such-page/"):
        page = Browser().get(path).content.decode()
        assert page.count("mailto:wv_bh_sns@kepro.com") == 1, path
        assert ">wvaso.kepro.com</a>" in page, path
    assert 'href="#support"' in Browser().get("/wv-bh/register/").content.decode()
    assert 'href="#support"' not in Browser().get("/wv-bh/").content.decode()


def test_the_terms_have_headings_and_keep_their_text() -> None:
    page = Browser().get("/wv-bh/terms/").content.decode()
    assert "<h2>Your account</h2>" in page
    assert "<h2>Who may use the portal</h2>" in page
    assert "<p>One account belongs to one person." in page
