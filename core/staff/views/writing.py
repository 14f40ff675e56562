"""Write to the address on file about a request, and print what was written as a letter."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.timezone import localtime

from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post, row_or_404
from core.common.ids import uuid7
from core.staff.access import StaffRequest, staff_page
from core.staff.letter_makers import PlainLetter, find_letter_maker
from core.staff.models import LetterChannel
from core.staff.request_queue.sources import OnFile, RequestSource, find_source
from core.staff.resting import waits_for_service
from core.staff.services.request_letters import (
    Writing,
    list_letters,
    text_of,
    write_to_address_on_file,
)
from core.staff.services.requests_in_hand import QueuedRequest
from core.staff.views.in_hand import load_to_decide
from core.ui.forms import PortalForm

_SENT: Final = {
    LetterChannel.MAIL: "The mail is on its way.",
    LetterChannel.LETTER: "The letter is written. Print it from the history below.",
}


class WritingForm(PortalForm):
    """To which address on file, by which way, and what."""

    to = forms.ChoiceField(label="To", widget=forms.RadioSelect)
    channel = forms.ChoiceField(label="By", widget=forms.RadioSelect)
    words = forms.CharField(
        label="What you write",
        max_length=2000,
        help_text=(
            "The program's name, address and contact are added. No codes, no passwords, and "
            "nothing about patients."
        ),
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": "Write what the address on file should read."},
    )
    key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, addresses: Sequence[OnFile], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.addresses = addresses
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            (str(place), ", ".join([one.name, *one.lines, *([one.email] if one.email else [])]))
            for place, one in enumerate(addresses)
        ]
        ways = [(LetterChannel.MAIL.value, LetterChannel.MAIL.label)]
        if find_letter_maker() is not None:
            ways.append((LetterChannel.LETTER.value, "Letter, to be printed"))
        self.fields["channel"].choices = ways  # type: ignore[attr-defined]
        self.initial.setdefault("to", "0")
        self.initial.setdefault("key", uuid7())
        self.initial.setdefault("channel", LetterChannel.MAIL.value)

    def writing(self) -> Writing:
        """Return what is written; call it on a valid form."""
        return Writing(
            to=self.addresses[int(self.cleaned_data["to"])],
            channel=LetterChannel(self.cleaned_data["channel"]),
            words=self.cleaned_data["words"],
            key=self.cleaned_data["key"] or uuid7(),
        )


@get_or_post
@keeps_typed(fields_named("to", "channel", "words"))
@staff_page()
@waits_for_service
def write(request: StaffRequest, kind: str, request_id: UUID) -> HttpResponse:
    """Write to an address on file about a request. Who may decide it may; out of scope is 404."""
    source, row = load_to_decide(request, kind, request_id)
    addresses = list(source.on_file(row)) if source.on_file else []
    if not addresses:
        raise Http404
    typed = take_typed(request)
    form = WritingForm(request.POST or None, initial=typed, addresses=addresses)
    shown = source.show(row)
    if request.method == "POST" and form.is_valid():
        try:
            letter = write_to_address_on_file(
                request=QueuedRequest(kind, row.pk, source.contract_of(row)),
                writing=form.writing(),
                by=request.staff.user,
                at=clock.now(),
            )
        except DomainError as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, _SENT[LetterChannel(letter.channel)])
            return HttpResponseRedirect(shown.url)
    context = {"nav_here": "requests", "form": form, "shown": shown, "typed_is_back": bool(typed)}
    return render(request, "staff/request_write.html", context)


@get_only
@staff_page()
def letter(request: StaffRequest, kind: str, request_id: UUID, letter_id: UUID) -> HttpResponse:
    """Give a letter that was written about a request as a PDF. Who may see the request may."""
    source = _source_or_404(kind)
    scope = request.staff.scope(source.view)
    found = row_or_404(list_letters(kind, request_id), letter_id)
    make = find_letter_maker()
    if not scope.covers(found.contract_id) or found.channel != LetterChannel.LETTER or not make:
        raise Http404
    text = text_of(found)
    pdf = make(
        PlainLetter(
            contract_id=found.contract_id,
            name=text.name,
            lines=text.lines,
            words=text.words,
            on=localtime(found.written_at).date(),
        )
    )
    response = HttpResponse(pdf, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="letter-{found.id}.pdf"'
    return response


def _source_or_404(kind: str) -> RequestSource:
    source = find_source(kind)
    if source is None:
        raise Http404
    return source
