"""The roster file that one starts from."""

from typing import ClassVar, Final

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from contracts.api.inside import InsideView
from contracts.api.resources.entries import TAG
from contracts.api.schema import describe
from contracts.roster.files import template
from core.staff.permissions import StaffPermission

_VIEW: Final = StaffPermission.ROSTER_VIEW
CSV: Final = "text/csv"


class CsvRenderer(BaseRenderer):
    """Has calls be taken that accept CSV alone; nothing is rendered by it."""

    media_type = CSV
    format = "csv"


class RosterTemplateView(InsideView):
    """`/api/v1/contracts/<slug>/roster/template/`"""

    rights: ClassVar = {"GET": _VIEW}
    renderer_classes = (CsvRenderer, JSONRenderer)

    @describe(
        "read_roster_template",
        "A roster file to start from",
        gives={CSV: OpenApiTypes.STR},
        tag=TAG,
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Return a CSV file with all columns, and an example row for each case of the contract.

        A roster file is CSV in UTF-8 with a header, its columns in any order. It is the whole
        roster: who is not in it leaves. The columns `identifier` (an NPI, or what `identifier_type`
        names), `name`, `city` and `state` are always needed; `address_1` and `zip` where locations
        register, `code` where the contract's rule asks for a program number, `remittance_on` and
        `remittance_amount` where it asks for these. Days are written 2026-01-31.
        """
        with self.inside(slug, _VIEW) as contract:
            document = contract.document
            text = template(document.registration, state=document.contract.state)
        return HttpResponse(text, content_type=f"{CSV}; charset=utf-8")
