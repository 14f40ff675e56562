"""What the site shows of itself: the brand's style sheet, its documents' schema, who it is."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.views.decorators.http import require_safe

from tenants.brand_sheet import render_preview_sheet, render_sheet, sheet_digest
from tenants.configuration.schema import contract_schema
from tenants.context_processors import Site
from tenants.host_identity import identity_of
from tenants.in_hand import contract_of, site_host_of
from tenants.logos.stored import find_logo

_FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def brand_css(request: HttpRequest, digest: str) -> HttpResponse:
    """Return the sheet of the contract or portal host in hand.

    An address with the present digest may be kept for ever. One that an old page still names gets
    the present sheet and is kept by nobody.
    """
    brand = Site(request).brand
    if brand is None:
        return HttpResponse("", content_type="text/css", headers={"Cache-Control": "no-store"})
    is_present = digest == sheet_digest(brand)
    return HttpResponse(
        render_sheet(brand.color),
        content_type="text/css",
        headers={"Cache-Control": _FOR_EVER if is_present else "no-store"},
    )


@require_safe
def logo(_request: HttpRequest, digest: str) -> HttpResponse:
    """Return the image under a digest, the same on every host and for ever."""
    content = find_logo(digest)
    if content is None:
        headers = {"Cache-Control": "no-store"}
        return HttpResponseNotFound("", content_type="text/plain", headers=headers)
    headers = {
        "Cache-Control": _FOR_EVER,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return HttpResponse(content, content_type="image/png", headers=headers)


@require_safe
def preview_css(_request: HttpRequest, color: str) -> HttpResponse:
    """Return the sheet that paints a preview in any colour: a style in a page would be refused."""
    return HttpResponse(
        render_preview_sheet(f"#{color}"),
        content_type="text/css",
        headers={"Cache-Control": _FOR_EVER},
    )


@require_safe
def contract_schema_json(_request: HttpRequest) -> HttpResponse:
    """Return the JSON Schema of a contract's document: for editors and pipelines, without secrets.

    Other sites' tools may read it.
    """
    return HttpResponse(
        contract_schema(),
        content_type="application/schema+json",
        headers={"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=3600"},
    )


@require_safe
def portal_identity(request: HttpRequest, number: str) -> HttpResponse:
    """Answer a number so that who sent it knows that this host leads here, for this contract."""
    contract = contract_of(request)
    answer = identity_of(
        number, host=site_host_of(request), contract_id=contract.id if contract else None
    )
    return HttpResponse(answer, content_type="text/plain", headers={"Cache-Control": "no-store"})
