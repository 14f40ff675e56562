"""The pages of drafts: beginning one, how far it has come, the whole of it as TOML."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from contracts.console.models import Draft
from core.accounts.models import User
from core.staff.models import StaffRole
from tenants import registry
from tenants.configuration.exporting import to_toml
from tenants.configuration.loading import parse_contract
from tenants.configuration.revisions import to_json
from tenants.context import ActiveContract
from tenants.models import Contract
from tenants.states import ContractState
from tests.support.drafts import make_draft
from tests.support.publishing import publish_change
from tests.support.staff import make_staff, staff_client
from tests.unit.configuration.documents import changed, sample

pytestmark = pytest.mark.django_db
NEW, WV = "/staff/contracts/new/", "/staff/contracts/wv-bh/draft/"
OHIO = "/staff/contracts/ohio-dd/draft/"


@pytest.fixture
def operator() -> Client:
    return staff_client(StaffRole.OPERATOR)


def shown(client: Client, path: str = WV) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def begin(client: Client, start: str = "default", **more: object) -> str:
    """Begin a new contract; returns where that leads, or the page that refuses."""
    asked = {"start": start, "slug": "ohio-dd", "name": "Ohio Developmental Disabilities"}
    answer = client.post(NEW, {**asked, **more})
    return str(answer.headers.get("Location") or answer.content.decode())


def draft_of(slug: str = "ohio-dd") -> Draft:
    return Draft.objects.get(slug=slug)


def save(client: Client, text: str, *, version: int = 1) -> str:
    asked = {"toml": text, "version": version, "note": "For the new year"}
    answer = client.post(f"{WV}toml/", asked)
    return str(answer.headers.get("Location") or answer.content.decode())


def test_a_new_contract_begins_with_a_preset(operator: Client) -> None:
    assert begin(operator, "cms-high") == OHIO
    draft = draft_of()
    assert draft.document["contract"]["name"] == "Ohio Developmental Disabilities"
    assert draft.document["mfa"]["methods"] == ["totp", "passkey"]
    assert (draft.origin, draft.base_number) == ("cms-high", None)
    page = shown(operator, OHIO)
    assert "Draft of a new contract" in page
    assert "Begun with the CMS high preset." in page
    assert "to mend" not in page
    assert "Still sample text" in page
    assert "Program: Full title of the program" in page
    assert "Sample text" in page
    assert "contract.name</a>" not in page
    assert "ohio-dd" in shown(operator, "/staff/contracts/")
    assert not Contract.objects.filter(slug="ohio-dd").exists()


def test_exceptions_of_a_preset_or_of_another_contract_are_stood_for_anew(
    operator: Client,
) -> None:
    assert sample("wv-bh").waivers
    assert begin(operator, "contract", contract="wv-bh") == OHIO
    draft = draft_of()
    assert draft.origin == "wv-bh@1"
    page = shown(operator, OHIO)
    assert "Begun with revision 1 of wv-bh. Brand, sender, contacts and words came along" in page
    assert draft.document["waivers"] == []
    assert draft.document["brand"] == to_json(sample("wv-bh"))["brand"]
    assert draft.document["terms"] != to_json(sample("wv-bh"))["terms"]
    assert "weaker_policy_is_waived" in page
    assert '<span class="tag tag--bad">Not passed</span>' in page
    draft.delete()
    assert begin(operator, "documented") == OHIO
    assert draft_of().document["waivers"] == []


def test_a_document_begins_a_contract_and_its_mistakes_are_named(operator: Client) -> None:
    text = to_toml(changed(sample(), contract__slug="ohio-dd", hosts__primary=None))
    wrong = text.replace("[brand]", '[brand]\ncolour = "red"')
    line = wrong[: wrong.index("colour =")].count("\n") + 1
    file = SimpleUploadedFile("ohio.toml", wrong.encode())
    page = begin(operator, "toml", file=file)
    assert f"Line {line}: brand.colour" in page
    assert "Did you mean color?" in page
    assert "colour = &quot;red&quot;" in page  # to be mended in the page
    assert not Draft.objects.exists()
    assert begin(operator, "toml", toml=text) == OHIO
    assert draft_of().document == to_json(parse_contract(text))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"slug": ""}, "Enter the slug"),
        ({"name": ""}, "Enter the name"),
        ({"slug": "staff"}, "the address of a page of the portal"),
        ({"slug": "new"}, "the address of a page of the portal"),
        ({"slug": "Ohio_DD"}, "A slug is 2 to 40 lower-case letters"),
        ({"slug": "wv-bh"}, "There is a contract wv-bh."),
        ({"start": "contract"}, "Select the contract to begin with."),
        ({"start": "toml"}, "Choose a file, or paste the document"),
        ({"start": "toml", "toml": "x = ["}, "This is not valid TOML"),
        ({"start": "toml", "file": SimpleUploadedFile("a.toml", b"\xff\xfe")}, "not UTF-8 text"),
        ({"start": "other"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_with_a_beginning_is_said_at_its_field(
    operator: Client, asked: dict[str, object], said: str
) -> None:
    assert said in begin(operator, **{"start": "default", **asked})  # type: ignore[arg-type]
    assert not Draft.objects.exists()


def test_pressed_twice_there_is_one_draft(operator: Client) -> None:
    begin(operator)
    assert "You have a draft of this contract already" in begin(operator)
    for _ in range(2):
        assert operator.post(WV).headers["Location"] == WV
    assert Draft.objects.count() == 2


def test_a_contract_whose_provisioning_was_interrupted_can_be_begun(operator: Client) -> None:
    Contract.objects.create(slug="ohio-dd", schema_name="t_ohio_dd", name="Ohio")
    assert begin(operator) == OHIO
    draft_of().delete()
    assert "You have no draft" in shown(operator, OHIO)
    operator.post(OHIO)
    assert draft_of().document["contract"]["name"] == "Ohio"
    assert Contract.objects.get(slug="ohio-dd").state == ContractState.PROVISIONING


def test_a_contract_admin_drafts_the_own_contract_and_no_other() -> None:
    client = staff_client(StaffRole.CONTRACT_ADMIN, registry.get_contract("wv-bh"))
    assert "You have no draft" in shown(client)
    client.post(WV)
    assert "Your draft" in shown(client)
    assert client.get("/staff/contracts/ms-um/draft/").status_code == 404
    assert client.post("/staff/contracts/ms-um/draft/").status_code == 404
    assert client.get(NEW).status_code == client.post(NEW).status_code == 403


def test_a_draft_is_its_authors_alone(operator: Client) -> None:
    make_draft(make_staff(StaffRole.OPERATOR, name="otto"), brand__product="Of Otto")
    assert "You have no draft" in shown(operator)
    assert operator.get(f"{WV}toml/").status_code == 404
    assert operator.post(f"{WV}discard/").status_code == 404
    operator.post(WV)
    assert "Of Otto" not in shown(operator, f"{WV}toml/")


@pytest.mark.parametrize("role", [StaffRole.HELP_DESK, StaffRole.AUDITOR])
def test_who_only_reads_makes_no_draft(role: StaffRole) -> None:
    client = staff_client(role)
    assert client.get(WV).status_code == client.post(WV).status_code == 403
    assert not Draft.objects.exists()


def test_what_differs_and_every_gate_are_shown(operator: Client) -> None:
    make_draft(User.objects.get(username="olive"), accounts__lock_failures=2, hosts__primary=None)
    page = shown(operator)
    assert "What differs from what is published (1)" in page
    assert "accounts.lock_failures" in page
    assert "brand_is_readable" in page
    assert "Not passed" not in page
    publish_change("wv-bh", mfa__attempts=2)
    assert "Revision 2 was published meanwhile" in shown(operator)


def test_whose_a_taken_host_is_stands_on_the_page_of_who_may_know(
    operator: Client, contract_a: ActiveContract, contract_c: ActiveContract
) -> None:
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a, name="ada")
    host = str(contract_c.document.hosts.primary)
    for name, client in {"olive": operator, "ada": admin}.items():
        make_draft(User.objects.get(username=name), hosts__primary=host)
        page = shown(client)
        assert f"The host {host} belongs to another program." in page
        assert (f"It is the contract {contract_c.slug}." in page) == (client is operator)


def test_the_whole_document_is_saved_as_toml(operator: Client) -> None:
    operator.post(WV)
    assert "Still sample text" not in shown(operator)
    text = to_toml(changed(sample(), brand__product="{{7*7}}<script>"))
    assert save(operator, text.replace("\n", "\r\n")) == WV
    assert draft_of("wv-bh").document["brand"]["product"] == "{{7*7}}<script>"
    page = shown(operator)
    assert "{{7*7}}&lt;script&gt;" in page
    assert "For the new year" in page
    assert "For the new year" in shown(operator, f"{WV}review/")
    assert "<script>" not in page.replace("<script src", "")
    assert parse_contract(shown_file(operator)).brand.product == "{{7*7}}<script>"


def shown_file(client: Client) -> str:
    answer = client.get("/staff/contracts/wv-bh/draft.toml")
    assert "wv-bh-draft.toml" in answer.headers["Content-Disposition"]
    return str(answer.content.decode())


def test_mistakes_are_saved_and_named_by_line(operator: Client) -> None:
    operator.post(WV)
    wrong = to_toml(sample()).replace("lock_failures = 3", "lock_failures = 99")
    line = wrong[: wrong.index("lock_failures")].count("\n") + 1
    page = save(operator, wrong)
    assert "Saved, but it cannot be published yet" in page
    assert f"Line {line}: accounts.lock_failures" in page
    assert "at most" in page
    assert 'name="version" value="2"' in page
    assert draft_of("wv-bh").document["accounts"]["lock_failures"] == 99
    overview = shown(operator)
    assert "1 to mend" in overview
    assert "Not asked yet" in overview
    assert "lock_failures = 99" in shown_file(operator)


def test_what_is_no_toml_is_not_saved_and_not_lost(operator: Client) -> None:
    operator.post(WV)
    page = save(operator, "[brand\nproduct = 1")
    assert "Not saved" in page
    assert "Line 1" in page
    assert "[brand\nproduct = 1" in page
    other = to_toml(changed(sample(), contract__slug="ms-um"))
    assert "a contract keeps its slug" in save(operator, other)
    assert draft_of("wv-bh").version == 1


def test_a_second_tab_is_told_what_it_would_overwrite(operator: Client) -> None:
    operator.post(WV)
    save(operator, to_toml(changed(sample(), brand__product="First tab")))
    second = to_toml(changed(sample(), brand__product="Second tab"))
    page = save(operator, second)
    assert "changed meanwhile" in page
    assert '<span class="muted">Before:</span> First tab' in page
    assert 'name="version" value="2"' in page
    assert draft_of("wv-bh").document["brand"]["product"] == "First tab"
    assert save(operator, second, version=2) == WV
    # The same once more, as a page sends it that was loaded again
    assert save(operator, second, version=2) == WV
    assert draft_of("wv-bh").version == 3


def test_a_draft_is_discarded_on_a_page_that_asks(operator: Client) -> None:
    operator.post(WV)
    assert "Discard your draft?" in shown(operator, f"{WV}discard/")
    assert operator.post(f"{WV}discard/").headers["Location"] == "/staff/contracts/wv-bh/"
    assert not Draft.objects.exists()
    assert save(operator, to_toml(sample())).startswith("<!")  # the page that is not there


def carry_over(client: Client, **chosen: object) -> str:
    asked = {"version": 1, "present": 2, **chosen}
    answer = client.post(f"{WV}carry-over/", asked)
    return str(answer.headers.get("Location") or answer.content.decode())


def test_a_draft_is_carried_over_to_what_was_published_meanwhile(operator: Client) -> None:
    make_draft(User.objects.get(username="olive"), brand__product="Mine", mfa__attempts=1)
    publish_change("wv-bh", brand__organization="Theirs", mfa__attempts=2)
    page = shown(operator, f"{WV}carry-over/")
    assert "Comes in from revision 2 (1)" in page
    assert "brand.organization" in page
    assert "Changed by both (1)" in page
    assert "Your draft: 1" in page
    assert "Second factor: Wrong answers that use a code up" in page
    assert "Choose one: Second factor: Wrong answers" in carry_over(operator)
    assert "Another revision was published" in carry_over(operator, present=1, of_0="draft")
    assert "changed meanwhile" in carry_over(operator, version=7, of_0="draft")
    assert carry_over(operator, of_0="published") == WV
    draft = draft_of("wv-bh")
    assert draft.base_number == 2
    assert draft.document["brand"]["product"] == "Mine"
    assert draft.document["brand"]["organization"] == "Theirs"
    assert draft.document["mfa"]["attempts"] == 2
    assert carry_over(operator) == WV  # pressed twice
    assert "What differs from what is published (1)" in shown(operator)
