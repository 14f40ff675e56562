"""The index, the OpenAPI document and the reference page made from it: open to everybody."""

from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from contracts.api.door import VERSION
from contracts.api.json_bodies import LARGEST_BODY
from contracts.api.limits import CALLS_A_MINUTE
from contracts.api.paging import MOST_PER_PAGE, PER_PAGE
from contracts.api.reference import sections_of
from contracts.api.resources.upload_shapes import LARGEST_CHUNK
from contracts.roster.uploads.files import PART_BYTES
from core.common.http import get_only
from core.common.problem_codes import GROUPS
from core.webhooks.catalogue import EVENTS
from tenants.in_hand import contract_of

LIMITS: Final = {
    "body": LARGEST_BODY,
    "calls": CALLS_A_MINUTE,
    "chunk_unit": PART_BYTES,
    "largest_chunk": LARGEST_CHUNK,
    "second_chunk": LARGEST_CHUNK + 1,
    "page": PER_PAGE,
    "largest_page": MOST_PER_PAGE,
}
"""What the page says of sizes and numbers, from where they are kept."""


@get_only
def index(request: HttpRequest) -> HttpResponse:
    """Answer with what stands here, and where it is described."""
    _on_the_portal(request)
    facts = {
        "name": settings.SPECTACULAR_SETTINGS["TITLE"],
        "version": VERSION,
        "reference": request.build_absolute_uri(reverse("api:reference")),
        "openapi": request.build_absolute_uri(reverse("api:openapi")),
    }
    return JsonResponse(facts, headers={"API-Version": VERSION})


@get_only
def openapi(request: HttpRequest) -> HttpResponse:
    """Answer with the OpenAPI document."""
    _on_the_portal(request)
    return JsonResponse(api_document())


@get_only
def reference(request: HttpRequest) -> HttpResponse:
    """Show every call: what it takes, gives and refuses. No script, nothing from elsewhere."""
    _on_the_portal(request)
    context = {
        "info": api_document()["info"],
        "root": request.build_absolute_uri(reverse("api:index")).rstrip("/"),
        "limits": LIMITS,
        "calls": _calls(),
    }
    return render(request, "api/reference.html", context)


@lru_cache(maxsize=1)
def _calls() -> str:
    """Return the part of the page that is the same for everybody, made once in each process."""
    context = {
        "sections": sections_of(api_document()),
        "events": EVENTS,
        "codes": {title: group.items() for title, group in GROUPS.items()},
    }
    return render_to_string("api/calls.html", context)


@lru_cache(maxsize=1)
def api_document() -> dict[str, Any]:
    """Return the OpenAPI document of version 1, made once in each process."""
    made = SchemaGenerator(urlconf="contracts.api.root", api_version="1")  # type: ignore[no-untyped-call]
    document: dict[str, Any] = made.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document


def _on_the_portal(request: HttpRequest) -> None:
    if contract_of(request) is not None:
        raise Http404
