"""The head of a page for whoever is not signed in: the same on every page of a site."""

from functools import lru_cache

from django import template
from django.template.context import Context
from django.template.loader import get_template
from django.urls import get_script_prefix

register = template.Library()


@register.simple_tag(takes_context=True)
def strangers_header(context: Context) -> str:
    """Return the head that names nobody, for the site of the page."""
    site = context.get("site")
    return _header(
        logo=getattr(site, "logo", None),
        logo_text=getattr(site, "logo_text", ""),
        product=getattr(site, "product", ""),
        contract=getattr(getattr(site, "contract", None), "name", ""),
        prefix=get_script_prefix(),
    )


@lru_cache(maxsize=512)
def _header(*, logo: object, logo_text: str, product: str, contract: str, prefix: str) -> str:
    """Render the head; `prefix` is what its addresses begin with: a contract's, or the host's."""
    site = {
        "logo": logo,
        "logo_text": logo_text,
        "product": product,
        "contract": {"name": contract} if contract else None,
    }
    return get_template("layouts/header.html").render({"site": site})
