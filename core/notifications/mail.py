"""Render mails in the name of a contract: plain text and accessible HTML from one context."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast
from zoneinfo import ZoneInfo

from django.template import Context, Template, loader
from django.utils import timezone

from tenants.configuration.brand import readable_on
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import BrandSection, ContractDocument, SupportContact
from tenants.configuration.revisions import zone_of
from tenants.routing import absolute_reverse

_LONGEST_SUBJECT: Final = 200
_LOGO_WIDTH: Final = 240
_LOGO_HEIGHT: Final = 64
"""Pixels that a logo takes at most: mail programs look at attributes and not at style sheets."""
_BLANK_LINES: Final = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


class RenderedMail(NamedTuple):
    """The three parts of a mail."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class MailLogo:
    """The image in place of the word-mark, as large as it is shown."""

    url: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True)
class MailBrand:
    """What the layouts `notifications/layout.txt` and `layout.html` know as `mail`."""

    organization: str
    product: str
    logo_text: str
    program: str
    sender_name: str
    color: str
    on_color: str
    contacts: Sequence[SupportContact]
    logo: MailLogo | None = None


def render_mail(
    template: str,
    context: Mapping[str, object],
    document: ContractDocument | DeploymentDocument,
) -> RenderedMail:
    """Return subject, text and HTML of a mail.

    `template` names `templates/notifications/<template>.subject.txt`, `.txt` and `.html`; the last
    two extend the layouts, which bring the word-mark, the sender and the support contacts of the
    document. Values in HTML are escaped; plain text is not HTML and is left as it is. The subject
    is one line, whatever the context holds. Times are in the document's time zone.
    """
    values = {**context, "mail": brand_of(document)}
    with timezone.override(ZoneInfo(zone_of(document))):
        return RenderedMail(
            subject=_one_line(_render(f"{template}.subject.txt", values, escape=False)),
            text=_tidy(_render(f"{template}.txt", values, escape=False)),
            html=_render(f"{template}.html", values, escape=True).strip() + "\n",
        )


def brand_of(document: ContractDocument | DeploymentDocument) -> MailBrand:
    """Return what a document says about the look and the sender of mails."""
    brand = document.brand
    return MailBrand(
        organization=brand.organization,
        product=brand.product,
        logo_text=brand.logo_text,
        program=_name_of(document),
        sender_name=brand.sender_name,
        color=brand.color,
        on_color=readable_on(brand.color),
        contacts=document.support,
        logo=logo_of(brand),
    )


def logo_of(brand: BrandSection) -> MailLogo | None:
    """Return the logo of mails, at the portal host: an address that outlives a contract's host."""
    if brand.logo is None or not brand.logo_width or not brand.logo_height:
        return None
    share = min(1.0, _LOGO_WIDTH / brand.logo_width, _LOGO_HEIGHT / brand.logo_height)
    return MailLogo(
        url=absolute_reverse("tenants:logo", contract=None, kwargs={"digest": brand.logo}),
        width=max(1, round(brand.logo_width * share)),
        height=max(1, round(brand.logo_height * share)),
        alt=brand.logo_alt or brand.logo_text,
    )


def _name_of(document: ContractDocument | DeploymentDocument) -> str:
    if isinstance(document, ContractDocument):
        return document.contract.name
    return document.deployment.name


def _render(name: str, values: dict[str, object], *, escape: bool) -> str:
    # The engine's own template: the backend's wrapper escapes plain text as if it were HTML.
    template = cast("Any", loader.get_template(f"notifications/{name}")).template
    return str(cast("Template", template).render(Context(values, autoescape=escape)))


def _one_line(text: str) -> str:
    printable = "".join(
        character if character.isprintable() else " " for character in text.replace("\n", " ")
    )
    return " ".join(printable.split())[:_LONGEST_SUBJECT]


def _tidy(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return _BLANK_LINES.sub("\n\n", lines) + "\n"
