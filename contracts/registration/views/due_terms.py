"""Terms of use that a person has to accept before a sign-in goes on, one program a page."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from contracts.registration.forms.following import DueTermsForm
from contracts.registration.selectors import DueTerms
from contracts.registration.services.terms import accept_at_sign_in, decline_at_sign_in
from contracts.registration.stages import TermsStage
from contracts.registration.views.shared import posted
from core.accounts.signing_in.allauth_wrapper import drop_sign_in, find_stage, pending_page
from core.common import clock
from core.common.http import get_or_post
from tenants.in_hand import contract_key_of, path_in


@get_or_post
def due_terms(request: HttpRequest) -> HttpResponse:
    """Show what is to be accepted next, take the answer, and go on when nothing is left.

    Terms that were published meanwhile are shown first: nobody accepts what they did not see.
    """
    stage = _own_stage(request)
    if stage is None:
        pending = pending_page(request, besides=TermsStage.key)
        target = reverse("home" if request.user.is_authenticated else "login_options")
        return HttpResponseRedirect(pending or target)
    due = stage.due()
    if due is None:
        return stage.finish()
    form = DueTermsForm(posted(request), terms=due.terms, program=due.contract.slug)
    changed = form.is_outdated
    if request.method == "POST" and "decline" in request.POST:
        return _decline(request, stage, due)
    if changed:
        form = DueTermsForm(terms=due.terms, program=due.contract.slug)
    if form.is_valid():
        accept_at_sign_in(
            user_id=stage.user.id, contract=due.contract, terms=due.terms, at=clock.now()
        )
        return HttpResponseRedirect(reverse(TermsStage.urlname)) if stage.due() else stage.finish()
    version = {"version": due.terms.version}
    context = {
        "form": form,
        "program": due.contract,
        "terms": due.terms,
        "terms_changed": changed,
        "version_path": path_in(due.contract, request, "registration:terms_version", **version),
    }
    return render(request, "registration/terms_due.html", context)


def _decline(request: HttpRequest, stage: TermsStage, due: DueTerms) -> HttpResponse:
    """Leave the sign-in and name the program's contact; nothing is lost."""
    decline_at_sign_in(
        user_id=stage.user.id, contract=due.contract, terms=due.terms, at=clock.now()
    )
    drop_sign_in(request)
    context = {"program": due.contract, "contacts": due.contract.document.support}
    return render(request, "registration/terms_declined.html", context)


def _own_stage(request: HttpRequest) -> TermsStage | None:
    """Return the sign-in of this browser when it stands here, in the contract in hand."""
    if request.user.is_authenticated:
        return None
    stage = find_stage(request, TermsStage.key)
    if not isinstance(stage, TermsStage) or stage.attempt.contract != contract_key_of(request):
        return None
    return stage if stage.user.is_active else None
