"""The pages of a draft's sections: guided, explained at the field, and nothing typed is lost."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from contracts.console.drafts.content import sections
from contracts.console.models import Draft
from contracts.console.sections.pages import field_url
from contracts.console.sections.reading import section_node
from contracts.console.sections.saving import mark_of, save_section
from contracts.console.services.drafts import StaleDraftError, create_draft
from core.accounts.models import User
from core.staff.models import StaffRole
from tenants import registry
from tenants.configuration.revisions import to_json
from tests.integration.account.test_typed_forms import run_out
from tests.support.drafts import make_draft
from tests.support.people import START
from tests.support.sign_in import sign_in_directly
from tests.support.staff import make_staff, staff_client
from tests.support.threads import at_once
from tests.unit.configuration.documents import sample
from tests.unit.console.test_sections import ODD, typed_of

pytestmark = pytest.mark.django_db
LATER = START + timedelta(hours=1)
DRAFT = "/staff/contracts/wv-bh/draft/"


@pytest.fixture
def operator() -> Client:
    client = staff_client(StaffRole.OPERATOR)
    make_draft(User.objects.get(username="olive"))
    return client


def shown(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return unescape(answer.content.decode())


def typed_form(section: str, draft: Draft | None = None) -> dict[str, Any]:
    """Return what the page of a section sends when nobody changes anything."""
    draft = draft or Draft.objects.get()
    typed = typed_of(section, draft.document[section])
    return {**typed, "seen": mark_of(draft, section), "do": "save"}


def test_every_section_is_a_step_and_saves_what_it_shows(operator: Client) -> None:
    before = Draft.objects.get()
    for number, section in enumerate(sections(), 1):
        page = shown(operator.get(f"{DRAFT}{section}/"))
        assert f"Step {number} of {len(sections())}" in page
        answer = operator.post(f"{DRAFT}{section}/", typed_form(section))
        after = sections()[number] + "/" if number < len(sections()) else ""
        assert answer.headers["Location"] == f"{DRAFT}{after}"
    after_all = Draft.objects.get()
    assert (after_all.document, after_all.version) == (before.document, before.version)


def test_a_section_is_saved_and_the_draft_shown_again(operator: Client) -> None:
    form = typed_form("brand") | {"brand-color": "#1E6B4F", "do": "close"}
    answer = operator.post(f"{DRAFT}brand/", form)
    assert answer.headers["Location"] == DRAFT
    draft = Draft.objects.get()
    assert draft.document["brand"]["color"] == "#1e6b4f"
    assert draft.version == 2
    page = shown(operator.get(f"{DRAFT}brand/"))
    assert "Published now:" in page
    assert sample().brand.color in page
    assert '<rect width="72" height="40" fill="#1e6b4f"/>' in page


def test_what_is_wrong_is_said_at_the_field_and_what_was_typed_stays(operator: Client) -> None:
    form = typed_form("accounts") | {
        "accounts-lock_failures": ["many"],
        "accounts-inactivity_days": ["3"],
    }
    page = shown(operator.post(f"{DRAFT}accounts/", form))
    assert '<a href="#id_accounts-lock_failures">Lock after: This must be a whole number' in page
    assert 'id="id_accounts-inactivity_days_error">This must be at least 7.' in page
    assert 'value="many"' in page
    assert Draft.objects.get().version == 1


def test_a_field_tells_what_it_would_be_otherwise_and_what_needs_a_waiver(
    operator: Client,
) -> None:
    page = shown(operator.get(f"{DRAFT}accounts/"))
    assert "Safer default:</span> 15 characters" in page
    assert "Waived until" in page
    form = typed_form("sessions") | {"sessions-idle_minutes": ["60"]}
    operator.post(f"{DRAFT}sessions/", form)
    page = shown(operator.get(f"{DRAFT}sessions/"))
    assert "60 minutes is weaker than 15 minutes." in page
    assert 'value="waive sessions.idle_minutes"' in page
    answer = operator.post(
        f"{DRAFT}sessions/", typed_form("sessions") | {"do": "waive sessions.idle_minutes"}
    )
    assert answer.headers["Location"] == f"{DRAFT}waivers/?rule=sessions.idle_minutes"
    page = shown(operator.get(answer.headers["Location"]))
    assert '<option value="sessions.idle_minutes" selected>' in page
    assert '<option value="nothing"' not in shown(operator.get(f"{DRAFT}waivers/?rule=nothing"))


def test_rows_come_and_go_without_saving_and_lose_nothing(operator: Client) -> None:
    form = typed_form("support") | {"support-0-phone": ["half a num"], "do": "add support"}
    page = shown(operator.post(f"{DRAFT}support/", form))
    assert 'name="support-1-purpose"' in page
    assert 'value="half a num"' in page
    assert Draft.objects.get().version == 1
    rows = form | {"support": ["0", "1"], "support-1-purpose": ["Second"], "do": "up support 1"}
    page = shown(operator.post(f"{DRAFT}support/", rows))
    assert page.index('value="Second"') < page.index('value="half a num"')


@pytest.mark.parametrize("odd", ODD)
def test_odd_input_never_breaks_a_page(operator: Client, odd: str) -> None:
    for section in ("brand", "support", "registration"):
        form = typed_form(section)
        names = dict(section_node(section).inputs(form, section))
        # One row of a list is like another, and all of them would be more than a page takes.
        some = [name for name in names if not re.search(r"-test_vectors-[1-9]", name)]
        page = shown(operator.post(f"{DRAFT}{section}/", form | {key: [odd] for key in some}))
        assert "Please check what you entered" in page
    page = operator.post(f"{DRAFT}brand/", {"do": odd, "brand-product": [odd]}).content.decode()
    assert "<script>alert" not in page


def test_a_section_that_another_tab_has_saved_is_not_overwritten(operator: Client) -> None:
    form = typed_form("brand")
    operator.post(f"{DRAFT}brand/", form | {"brand-product": ["From one tab"]})
    page = shown(operator.post(f"{DRAFT}brand/", form | {"brand-product": ["From the other"]}))
    assert "Not saved: this section was changed in another tab" in page
    assert "<dt>Brand: Name of the portal<br>" in page
    assert "From one tab" in page
    assert 'value="From the other"' in page
    assert Draft.objects.get().document["brand"]["product"] == "From one tab"
    again = form | {
        "brand-product": ["From the other"],
        "seen": mark_of(Draft.objects.get(), "brand"),
    }
    assert operator.post(f"{DRAFT}brand/", again).status_code == 302
    assert Draft.objects.get().document["brand"]["product"] == "From the other"


def test_two_tabs_with_different_sections_do_not_hinder_each_other(operator: Client) -> None:
    brand, hosts = typed_form("brand"), typed_form("hosts")
    operator.post(f"{DRAFT}brand/", brand | {"brand-product": ["New"]})
    answer = operator.post(f"{DRAFT}hosts/", hosts | {"hosts-primary": ["new.example.org"]})
    assert answer.status_code == 302
    document = Draft.objects.get().document
    assert document["brand"]["product"] == "New"
    assert document["hosts"]["primary"] == "new.example.org"


def test_a_contract_keeps_its_slug(operator: Client) -> None:
    form = typed_form("contract") | {"contract-slug": ["other"]}
    page = shown(operator.post(f"{DRAFT}contract/", form))
    assert "a contract keeps its slug" in page
    assert 'name="contract-slug" value="other"' in page


def test_a_draft_with_mistakes_from_a_file_can_be_mended(operator: Client) -> None:
    broken = to_json(sample()) | {
        "brand": "blue",
        "support": [{"purpose": ["x"]}, "y"],
        "accounts": {"lock_failures": "many", "unknown": 1},
        "registration": {"rule": {"family": ["x"]}},
        "terms": 5,
    }
    Draft.objects.update(document=broken)
    for section in sections():
        page = shown(operator.get(f"{DRAFT}{section}/"))
        assert "Traceback" not in page
    assert "to mend" in shown(operator.get(f"{DRAFT}brand/"))


def test_a_new_contract_is_typed_from_nothing() -> None:
    client = staff_client(StaffRole.OPERATOR)
    olive = User.objects.get(username="olive")
    draft = create_draft(slug="ohio-dd", author=olive.id, base=None, document={}, at=START)
    for section in sections():
        page = shown(client.get(f"/staff/contracts/ohio-dd/draft/{section}/"))
        assert "Published now" not in page
    assert "to mend" in page
    form = typed_of("support", [{"purpose": "Sign-in", "phone": "304-555-0100"}])
    sent = {**form, "seen": mark_of(draft, "support"), "do": "save"}
    assert client.post("/staff/contracts/ohio-dd/draft/support/", sent).status_code == 302
    assert Draft.objects.get().document["support"][0]["purpose"] == "Sign-in"


def test_a_closed_gate_leads_to_the_very_input(operator: Client) -> None:
    form = typed_form("sessions") | {"sessions-idle_minutes": ["60"]}
    operator.post(f"{DRAFT}sessions/", form)
    operator.post(f"{DRAFT}waivers/", {"seen": mark_of(Draft.objects.get(), "waivers")})
    page = shown(operator.get(DRAFT))
    assert f'href="{DRAFT}sessions/#id_sessions-idle_minutes"' in page
    assert f'href="{DRAFT}mfa/#id_mfa-methods_0"' in page
    draft = Draft.objects.get()
    pattern = field_url(draft, "registration.rule.pattern")
    assert pattern.endswith("#id_registration-rule-program_id-pattern")
    assert field_url(draft, "terms.0.party.web").endswith("#id_terms-0-party-web")


def test_what_was_typed_survives_a_session_that_ended(operator: Client) -> None:
    form = typed_form("support") | {"support-0-purpose": ["Half a sent"], "do": "save"}
    run_out(operator)
    assert operator.post(f"{DRAFT}support/", form).status_code == 302
    sign_in_directly(operator, User.objects.get(username="olive"), option="phone")
    page = shown(operator.get(f"{DRAFT}support/"))
    assert "What you had typed is back" in page
    assert 'value="Half a sent"' in page


def test_sections_of_others_do_not_exist() -> None:
    client = staff_client(StaffRole.CONTRACT_ADMIN, registry.get_contract("wv-bh"))
    assert client.get(f"{DRAFT}brand/").status_code == 404  # no draft yet
    make_draft(User.objects.get(username="olive"))
    assert client.get(f"{DRAFT}brand/").status_code == 200
    assert client.get(f"{DRAFT}nothing/").status_code == 404
    assert client.get("/staff/contracts/va-dmas/draft/brand/").status_code == 404
    desk = staff_client(StaffRole.HELP_DESK, name="hal")
    assert desk.get(f"{DRAFT}brand/").status_code == 403


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("names", [("brand", "hosts"), ("brand", "brand")])
def test_two_tabs_at_once(names: tuple[str, str]) -> None:
    """With different sections both are saved; with the same one, one of them is told."""
    draft = make_draft(make_staff(StaffRole.OPERATOR))
    new = {"brand": {"reply_to": "tab-{}@example.org"}, "hosts": {"primary": "tab-{}.example.org"}}

    def save(place: int) -> str | None:
        name = names[place]
        [(field, text)] = new[name].items()
        value = {**draft.document[name], field: text.format(place)}
        try:
            save_section(
                draft=draft,
                section=name,
                value=value,
                seen=mark_of(draft, name),
                by=draft.author_id,
                at=LATER,
            )
        except StaleDraftError:
            return None
        return text.format(place)

    told = {text for text in at_once(2, save) if text}
    draft.refresh_from_db()
    assert len(told) == len(set(names))
    assert told <= {draft.document["brand"]["reply_to"], draft.document["hosts"]["primary"]}
