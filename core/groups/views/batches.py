"""Setup: Invite many, by a file that is checked before anything happens."""

from collections.abc import Iterable
from functools import partial
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post, streamed_sheet
from core.common.tables import sheet_pieces
from core.groups.batches.progress import (
    access_own_batch,
    list_own_batches,
    problems_of,
    progress_of,
    report_rows,
)
from core.groups.batches.sheet import template_rows
from core.groups.forms import BatchForm
from core.groups.permissions import Permission
from core.groups.reach import list_reached_providers
from core.groups.services.batches import discard_batch, start_batch, take_in
from core.groups.tasks import invite_batch
from core.groups.views.shared import (
    SetupRequest,
    act_and_return,
    refused,
    setup_page,
    setup_render,
)
from core.notifications.tasks import tell_workers
from tenants.context import rebound
from tenants.in_hand import site_host_of


@get_or_post
@setup_page(Permission.USERS_INVITE)
def batches(request: SetupRequest) -> HttpResponse:
    """Take a file of new users, and list the files that were sent before."""
    form = BatchForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            taken = take_in(
                reach=request.reach,
                file=file,
                file_name=str(file.name),
                host=site_host_of(request),
                at=clock.now(),
            )
        except DomainError as error:
            form.add_error("file", error.sentence)
        else:
            return HttpResponseRedirect(reverse("setup:batch", args=[taken.id]))
    context = {"form": form, "batches": list_own_batches(request.reach)}
    return setup_render(request, "batches", context, tab="users")


@get_only
@setup_page(Permission.USERS_INVITE)
def template(request: SetupRequest) -> HttpResponse:
    """Give the empty file, with the columns and two examples."""
    managed = list_reached_providers(request.reach, Permission.USERS_INVITE)
    known = managed.order_by("name").values_list("identifier")
    numbers = [number for (number,) in known[:2]]
    return _sheet("new-users.csv", template_rows(numbers))


@get_only
@setup_page(Permission.USERS_INVITE)
def batch(request: SetupRequest, batch_id: UUID) -> HttpResponse:
    """Show what a file would do, how far it is, or what it did."""
    found = access_own_batch(request.reach, batch_id)
    context = {"batch": found, "progress": progress_of(found), "problems": problems_of(found)}
    return setup_render(request, "batch", context, tab="users")


@get_only
@setup_page(Permission.USERS_INVITE)
def progress(request: SetupRequest, batch_id: UUID) -> HttpResponse:
    """Answer how far a file is, for the page that waits."""
    found = access_own_batch(request.reach, batch_id)
    context = {"batch": found, "progress": progress_of(found)}
    return render(request, "groups/setup/parts/batch_progress.html", context)


@require_POST
@setup_page(Permission.USERS_INVITE)
def start(request: SetupRequest, batch_id: UUID) -> HttpResponse:
    """Have the rows without a problem invited."""
    found = access_own_batch(request.reach, batch_id)
    here = reverse("setup:batch", args=[found.id])
    try:
        with transaction.atomic():
            start_batch(batch_id=found.id, entered=request.reach.entered, at=clock.now())
            transaction.on_commit(partial(tell_workers, invite_batch, str(found.id)))
    except DomainError as error:
        return refused(request, error, back_to=here)
    return HttpResponseRedirect(here)


@require_POST
@setup_page(Permission.USERS_INVITE)
def discard(request: SetupRequest, batch_id: UUID) -> HttpResponse:
    """Throw a file away that was not started."""
    found = access_own_batch(request.reach, batch_id)
    told = f"{found.file_name} was thrown away. Nobody was invited."
    act = partial(discard_batch, batch_id=found.id, at=clock.now())
    return act_and_return(
        request,
        act,
        told,
        back_to=reverse("setup:batches"),
        otherwise=reverse("setup:batch", args=[found.id]),
    )


@get_only
@setup_page(Permission.USERS_INVITE)
def report(request: SetupRequest, batch_id: UUID) -> HttpResponse:
    """Give each row of a file with what became of it, as a file."""
    found = access_own_batch(request.reach, batch_id)
    return _sheet(f"invitations-{localtime(found.uploaded_at):%Y-%m-%d}.csv", report_rows(found))


def _sheet(name: str, rows: Iterable[Iterable[object]]) -> HttpResponse:
    return streamed_sheet(name, rebound(sheet_pieces(rows)))
