"""The brand of a draft: a logo by upload, a preview that saves nothing, and who shows logos."""

import io
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contracts.console.models import Draft
from contracts.console.sections.saving import mark_of
from contracts.console.services import logos
from contracts.console.services.logos import purge_logos
from core.accounts.models import User
from core.audit.models import AuditEvent
from core.notifications.mail import render_mail
from core.staff.models import StaffRole
from tenants import registry
from tenants.configuration.publishing import plan_contract
from tenants.configuration.refusals import GatesClosedError
from tenants.logos.encoding import EncodedLogo, encode_logo
from tenants.logos.stored import hold_logos
from tenants.models import LogoImage
from tests.support.drafts import make_draft
from tests.support.logos import logo_file, naming, stored_logo
from tests.support.naive import fails_with
from tests.support.people import START
from tests.support.publishing import publish_change
from tests.support.staff import make_staff, staff_client
from tests.support.threads import at_once
from tests.unit.configuration.documents import changed, sample
from tests.unit.console.test_sections import typed_of

pytestmark = pytest.mark.django_db
PAGE = "/staff/contracts/wv-bh/draft/brand/"
WEEK = timedelta(days=8)


@pytest.fixture
def operator() -> Client:
    client = staff_client(StaffRole.OPERATOR)
    make_draft(User.objects.get(username="olive"))
    return client


def sent(do: str = "save", **typed: Any) -> dict[str, Any]:
    """Return what the page sends when nobody changes anything but what is given."""
    draft = Draft.objects.get()
    form = typed_of("brand", draft.document["brand"])
    return {**form, "seen": mark_of(draft, "brand"), "do": do, **typed}


def upload(content: bytes, name: str = "logo.png", kind: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, kind)


def shown(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return unescape(answer.content.decode())


def test_an_upload_is_drawn_anew_and_named_by_the_draft(operator: Client) -> None:
    trojan = logo_file() + b"<script>alert(1)</script>"
    answer = operator.post(PAGE, sent(logo_file=upload(trojan, "x.svg", "text/html")))
    assert answer.status_code == 302
    brand = Draft.objects.get().document["brand"]
    image = LogoImage.objects.get(digest=brand["logo"])
    assert (brand["logo_width"], brand["logo_height"]) == (image.width, image.height) == (320, 80)
    assert b"script" not in bytes(image.content)
    assert AuditEvent.objects.get(event_type="logo.stored").data["digest"] == image.digest
    assert f'src="/brand/{image.digest}.png"' in shown(operator.get(PAGE))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "no picture"),
        (b"", "no picture"),
        (bytes(3_000_001), "larger than 3 MB"),
    ],
)
def test_what_is_no_picture_is_refused_at_its_field(
    operator: Client, content: bytes, said: str
) -> None:
    before = Draft.objects.get()
    typed = sent(logo_file=upload(content), **{"brand-product": "Typed meanwhile"})
    page = shown(operator.post(PAGE, typed))
    assert said in page
    assert 'href="#id_brand-logo"' in page
    assert "Typed meanwhile" in page
    assert Draft.objects.get().document == before.document
    assert not LogoImage.objects.exists()


def test_a_file_larger_than_any_request_never_reaches_the_decoder(operator: Client) -> None:
    answer = operator.post(PAGE, sent(logo_file=upload(bytes(5_000_000))))
    assert answer.status_code == 400
    assert not LogoImage.objects.exists()


def test_show_paints_what_is_typed_and_saves_nothing(operator: Client) -> None:
    before = Draft.objects.get()
    typed = {"brand-color": "#aa3311", "brand-sender_name": "The <b>Sender", "brand-reply_to": "x"}
    page = operator.post(PAGE, sent("show", logo_file=upload(logo_file()), **typed))
    text = page.content.decode()
    assert '/brand/preview/aa3311.css"' in text
    assert "The &lt;b&gt;Sender" in text
    assert "White text on the brand color" in text
    assert "An e-mail address looks like" in text
    assert "style=" not in text
    after = Draft.objects.get()
    assert (after.document, after.version) == (before.document, before.version)
    # The picture need not be chosen again when the address is mended.
    digest = LogoImage.objects.get().digest
    assert f'name="brand-logo" value="{digest}"' in text


def test_a_color_that_is_none_is_shown_by_another_until_it_is_mended(operator: Client) -> None:
    page = shown(operator.post(PAGE, sent("show", **{"brand-color": "blue", "brand-logo": "x"})))
    assert "/brand/preview/5a5a5a.css" in page
    assert "A color is #" in page


def test_the_sheet_of_a_preview_paints_nothing_else() -> None:
    answer = Client().get("/brand/preview/aa3311.css")
    sheet = answer.content.decode()
    assert sheet.startswith(".brand-preview {")
    assert "--mail-color: #aa3311;" in sheet
    assert "immutable" in answer.headers["Cache-Control"]
    assert Client().get("/brand/preview/aa33.css").status_code == 404


def test_a_logo_is_taken_out_again(operator: Client) -> None:
    operator.post(PAGE, sent(logo_file=upload(logo_file())))
    page = shown(operator.post(PAGE, sent("remove-logo")))
    assert "None: the word-mark" in page
    assert Draft.objects.get().document["brand"]["logo"] is not None
    form = sent() | {"brand-logo": "", "brand-logo_width": "", "brand-logo_height": ""}
    assert operator.post(PAGE, form).status_code == 302
    assert Draft.objects.get().document["brand"]["logo"] is None


def test_of_two_tabs_the_second_is_told(operator: Client) -> None:
    late = sent(**{"brand-product": "Second"})
    operator.post(PAGE, sent(logo_file=upload(logo_file())))
    assert "changed in another tab" in shown(operator.post(PAGE, late))
    assert Draft.objects.get().document["brand"]["logo"] is not None


def test_who_sends_many_logos_has_to_wait(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logos, "_SENT", (2, timedelta(hours=1)))
    assert operator.post(PAGE, sent(logo_file=upload(logo_file()))).status_code == 302
    operator.post(PAGE, sent(logo_file=upload(b"no picture")))  # counts: it was looked at
    another = sent(logo_file=upload(logo_file()), **{"brand-product": "Typed meanwhile"})
    page = operator.post(PAGE, another).content.decode()
    assert "You have sent many logos within an hour" in page
    assert "Typed meanwhile" in page


def test_help_desk_uploads_nothing(operator: Client) -> None:
    other = staff_client(StaffRole.HELP_DESK, name="hedda")
    assert other.post(PAGE, {"logo_file": upload(logo_file())}).status_code == 403
    assert not LogoImage.objects.exists()


def test_the_address_of_a_logo_serves_it_for_ever_and_nothing_else(client: Client) -> None:
    logo = stored_logo()
    publish_change("va-dmas", **naming(logo))
    for address in (f"/brand/{logo.digest}.png", f"/va-dmas/brand/{logo.digest}.png"):
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        assert len(queries) == 1
        assert answer.content == logo.content
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert not answer.cookies
        assert "Vary" not in answer.headers
    missing = client.get(f"/brand/{'0' * 64}.png")
    assert (missing.status_code, missing.headers["Cache-Control"]) == (404, "no-store")


def test_no_shared_cache_gets_anything_of_a_person_with_the_brand() -> None:
    """What is kept for a year and by everybody neither differs by cookies nor sets one."""
    logo = stored_logo()
    person = staff_client(StaffRole.OPERATOR)
    sheet = Client().get("/wv-bh/").content.decode().partition("/brand/")[2].partition('"')[0]
    for name in (f"{logo.digest}.png", sheet, "preview/aa3311.css"):
        answer = person.get(f"/wv-bh/brand/{name}")
        assert answer.headers["Cache-Control"].startswith("public"), name
        assert "Vary" not in answer.headers
        assert not answer.cookies
        assert answer.headers["Content-Length"] == str(len(answer.content))
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_pages_and_mails_show_the_logo_of_their_contract_alone(client: Client) -> None:
    logo = stored_logo()
    with CaptureQueriesContext(connection) as before:
        assert "<img" not in client.get("/wv-bh/").content.decode()
    document = publish_change("wv-bh", **naming(logo), brand__logo_alt='The "Logo" <b>')
    client.get("/wv-bh/")
    with CaptureQueriesContext(connection) as after:
        page = client.get("/wv-bh/").content.decode()
    assert len(after) <= len(before)
    assert f'src="/wv-bh/brand/{logo.digest}.png" width="320" height="80"' in page
    assert 'alt="The &quot;Logo&quot; &lt;b&gt;"' in page
    assert "site-header__mark" not in page
    assert logo.digest not in client.get("/ms-um/").content.decode()
    mail = render_mail("contract_trial_mail", {}, document).html
    assert f'src="http://localhost/brand/{logo.digest}.png" width="240" height="60"' in mail
    assert "The &quot;Logo&quot; &lt;b&gt;" in mail
    assert "<img" not in render_mail("contract_trial_mail", {}, sample("ms-um")).html


def test_nothing_is_published_without_its_logo(operator: Client) -> None:
    logo = encode_logo(logo_file())
    document = changed(sample(), **naming(logo))
    plan = plan_contract(document=document, at=START)
    [failure] = [one for one in plan.failures if one.gate == "logo_is_present"]
    assert "is not stored here" in failure.message
    with pytest.raises(GatesClosedError):
        publish_change("wv-bh", **naming(logo))
    stored_logo()
    with pytest.raises(GatesClosedError, match="320 × 80 pixels, not 320 × 81"):
        publish_change("wv-bh", **naming(logo) | {"brand__logo_height": 81})
    publish_change("wv-bh", **naming(logo))


def test_what_nothing_names_goes_after_days() -> None:
    published, drafted, former, forgotten, fresh = (
        stored_logo(color) for color in ("#111111", "#222222", "#333333", "#444444", "#555555")
    )
    publish_change("wv-bh", **naming(former))
    publish_change("wv-bh", **naming(published))
    make_draft(make_staff(StaffRole.OPERATOR), **naming(drafted))
    LogoImage.objects.filter(digest=fresh.digest).update(stored_at=START + WEEK)
    purge_logos(at=START + WEEK)
    left = set(LogoImage.objects.values_list("digest", flat=True))
    assert left == {one.digest for one in (published, drafted, former, fresh)}
    assert forgotten.digest not in left


def test_an_upload_of_the_same_picture_begins_its_days_anew() -> None:
    stored_logo()
    stored_logo(at=START + WEEK)
    purge_logos(at=START + WEEK)
    assert LogoImage.objects.count() == 1
    assert AuditEvent.objects.filter(event_type="logo.stored").count() == 1


def test_the_database_holds_an_image_to_its_digest() -> None:
    logo = stored_logo()
    with pytest.raises(IntegrityError, match="digest"), transaction.atomic():
        LogoImage.objects.filter(digest=logo.digest).update(content=logo_file("#ff0000"))


def test_the_command_stores_a_file_and_prints_what_documents_say(tmp_path: Path) -> None:
    path, out = tmp_path / "logo.jpg", io.StringIO()
    path.write_bytes(logo_file())
    call_command("contract", "logo", str(path), stdout=out)
    logo: EncodedLogo = encode_logo(logo_file())
    assert out.getvalue() == (
        f'[brand]\nlogo = "{logo.digest}"\nlogo_width = 320\nlogo_height = 80\n'
    )
    assert LogoImage.objects.get().digest == logo.digest
    path.write_bytes(b"<svg/>")
    with pytest.raises(CommandError, match="no picture"):
        call_command("contract", "logo", str(path))
    with pytest.raises(CommandError, match="No such file"):
        call_command("contract", "logo", str(tmp_path / "none.png"))


@pytest.mark.django_db(transaction=True)
def test_what_is_about_to_be_published_is_not_forgotten() -> None:
    assert_held()


@pytest.mark.django_db(transaction=True)
def test_without_holding_it_a_publication_would_lose_its_logo() -> None:
    name = f"{__name__}.hold_logos"
    fails_with(name, lambda *_brands: None, assert_held, where="LogoImage.objects.exists()")


def assert_held() -> None:
    logo = stored_logo()
    brand = changed(registry.get_contract("wv-bh").document, **naming(logo)).brand
    with transaction.atomic():
        hold_logos(brand)
        at_once(1, lambda _place: purge_logos(at=START + WEEK))
    assert LogoImage.objects.exists()
