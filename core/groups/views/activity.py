"""Setup: what happened in the admin's providers."""

from urllib.parse import urlencode

from django.http import HttpResponse

from core.audit.places import Place
from core.common.http import get_only
from core.groups.activity.events import PAGE_SIZE, list_activity
from core.groups.activity.scope import scope_of
from core.groups.activity.sentences import entries_of, zones_differ
from core.groups.forms import ActivityForm
from core.groups.models import WeeklyMail
from core.groups.permissions import Permission
from core.groups.views.shared import SetupRequest, setup_page, setup_render


@get_only
@setup_page(Permission.ACTIVITY_VIEW)
def activity(request: SetupRequest) -> HttpResponse:
    """List who did what, newest first; older pages begin where the former one ended."""
    form = ActivityForm(request.GET)
    before = Place.read(request.GET.get("before", ""))
    words, kind = form.words(), form.chosen()
    scope = scope_of(request.reach, words)
    found = list_activity(scope, kind=kind, before=before)
    shown = found[:PAGE_SIZE]
    kept = {"q": " ".join(words), "kind": kind.value if kind else ""}
    query = urlencode({name: value for name, value in kept.items() if value})
    has_older = len(found) > PAGE_SIZE
    older = {**kept, "before": Place(shown[-1].at, shown[-1].id)} if has_older else {}
    context = {
        "form": form,
        "entries": entries_of(shown, scope) if shown else [],
        "zones_differ": zones_differ(request.reach),
        "newest": f"?{query}" if before else "",
        "older": urlencode(older),
        "narrowed": bool(query),
        "has_weekly_mail": WeeklyMail.objects.filter(user=request.user).exists(),
    }
    return setup_render(request, "activity", context, tab="activity")
