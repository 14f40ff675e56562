"""The portal's pages on a document that is not published: its templates, its forms, invented data.

Each page is known by the portal's own name of its address. What a form takes is checked as it is on
the real page, except for what would be looked up, and leads to the next page.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from django.http import HttpResponse
from django.urls import Resolver404, resolve, reverse

from contracts.console.previewing.samples import (
    NOBODYS_KEY,
    sample_claim,
    sample_information,
    sample_journey,
    sample_pending,
    sample_provider,
)
from contracts.console.previewing.visits import Visit
from contracts.registration.forms.following import AddressForm, ResetForm, TermsForm
from contracts.registration.forms.start import CodeRequestForm, StartForm
from contracts.registration.selectors import local_date
from contracts.registration.terms import find_terms
from contracts.registration.views.shared import STEPS
from core.accounts.account_form import AccountForm
from core.accounts.forms import RememberForm, SignInForm
from core.accounts.policies import offered_options
from core.accounts.services.usernames import UsernameAnswer
from core.common.masking import mask_email
from core.groups.context import Context, show_context
from core.groups.home import ContractPart, Home, ProviderCard
from core.groups.models import Provider
from core.groups.roles import GROUP_ADMIN
from core.groups.wording import number_name
from tenants.brand_sheet import render_sheet
from tenants.logos.stored import find_logo

PageOf = Callable[..., HttpResponse]
_JOURNEY: Final = {"journey_id": NOBODYS_KEY}
_SIGN_IN: Final = ("phone", "email", "totp", "passkey")


class _UnaskedAccountForm(AccountForm):
    """The form of the person, which asks nobody whether the username is free."""

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"])


class _UnknownSignInForm(SignInForm):
    """The form of the sign-in page, for which no browser offers what it keeps for the real one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs["autocomplete"] = "off"
        # Browsers fill a password in although it is "off", and leave a new one alone.
        self.fields["password"].widget.attrs["autocomplete"] = "new-password"


def show_page(visit: Visit, path: str) -> HttpResponse:
    """Return the page of an address of the portal; for one that is not previewed, a page to say so.

    Redirects stay in the preview: addresses are made below its own.
    """
    try:
        match = resolve(path)
    except Resolver404:
        return not_shown(visit)
    page = _PAGES.get(match.view_name)
    if page is None:
        return not_shown(visit)
    visit.request.resolver_match = match
    return page(visit, **match.kwargs)


def not_shown(visit: Visit) -> HttpResponse:
    """Say that an address leads to nothing in a preview."""
    return visit.page("console/previews/not_shown.html", status=404)


def _login_options(visit: Visit) -> HttpResponse:
    options = offered_options(visit.contract)
    chosen = visit.request.POST.get("option", "")
    if chosen in _SIGN_IN and getattr(options, chosen):
        return visit.to(f"sign_in_{chosen}")
    context = {
        "options": options,
        "known": None,
        "remember_form": RememberForm(hours=options.remember_hours),
    }
    return visit.page("accounts/login_options.html", context)


def _sign_in(visit: Visit, option: str) -> HttpResponse:
    form = _UnknownSignInForm(visit.posted)
    if form.is_valid():
        return visit.to("home")
    context = {"form": form, "option": option, "remember_hours": 0}
    return visit.page("accounts/sign_in.html", context)


def _mfa_help(visit: Visit) -> HttpResponse:
    context = {"options": offered_options(visit.contract)}
    return visit.page("accounts/mfa_help.html", context)


def _start(visit: Visit) -> HttpResponse:
    form = StartForm(visit.posted, initial=sample_claim(visit.document), contract=visit.contract)
    if form.is_valid():
        return visit.to("registration:provider", **_JOURNEY)
    context = {"form": form, "registration": visit.document.registration, "steps": STEPS}
    return visit.page("registration/start.html", context)


def _no_code(visit: Visit) -> HttpResponse:
    section = visit.document.registration
    context: dict[str, object] = {"registration": section}
    if section.code_to_address_on_file:
        form = CodeRequestForm(visit.posted, contract=visit.contract)
        context |= {"form": form, "sent": form.is_valid()}
    return visit.page("registration/no_code.html", context)


def _provider(visit: Visit, **_key: object) -> HttpResponse:
    return visit.page("registration/provider.html", _of_journey(visit))


def _information(visit: Visit, **_key: object) -> HttpResponse:
    fields = visit.document.profile.registration
    form = _UnaskedAccountForm(
        visit.posted, fields=fields, initial=sample_information(visit.document)
    )
    form.check_username_at(reverse("registration:username", kwargs=_JOURNEY))
    answer = None
    if "check_username" in visit.request.POST:
        form = _UnaskedAccountForm(fields=fields, initial=form.filled())
        answer = UsernameAnswer.FREE
    elif form.is_valid():
        return visit.to("registration:terms_accept", **_JOURNEY)
    context = {"form": form, "answer": answer, "fax_note": fields.fax_note}
    return visit.page("registration/information.html", {**_of_journey(visit), **context})


def _username(visit: Visit, **_key: object) -> HttpResponse:
    context = {"answer": UsernameAnswer.FREE}
    return visit.page("accounts/parts/username_answer.html", context)


def _terms_accept(visit: Visit, **_key: object) -> HttpResponse:
    terms = visit.document.current_terms(local_date(visit.document, visit.at))
    form = TermsForm(visit.posted, terms=terms)
    changed = form.is_outdated
    if changed:
        form = TermsForm(terms=terms)
    if form.is_valid():
        return visit.to("registration:confirmation", **_JOURNEY)
    context = {"form": form, "terms": terms, "terms_changed": changed}
    return visit.page("registration/terms_accept.html", {**_of_journey(visit), **context})


def _confirmation(visit: Visit, **_key: object) -> HttpResponse:
    return _sent(visit, AddressForm())


def _resend(visit: Visit, **_key: object) -> HttpResponse:
    return visit.to("registration:confirmation", **_JOURNEY)


def _address(visit: Visit, **_key: object) -> HttpResponse:
    form = AddressForm(visit.posted)
    if visit.posted is None or form.is_valid():
        return visit.to("registration:confirmation", **_JOURNEY)
    return _sent(visit, form)


def _sent(visit: Visit, form: AddressForm) -> HttpResponse:
    pending = sample_pending(visit.document, visit.at)
    context = {
        "pending": pending,
        "masked": mask_email(pending.email),
        "minutes": visit.document.links.registration_minutes,
        "form": form,
    }
    return visit.page("registration/confirmation.html", {**_of_journey(visit), **context})


def _reset(visit: Visit) -> HttpResponse:
    form = ResetForm(visit.posted)
    return visit.page("registration/reset.html", {"form": form, "sent": form.is_valid()})


def _link(visit: Visit, **_token: object) -> HttpResponse:
    if visit.posted is not None:
        return visit.to("home")
    return visit.page("mfa/link.html")


def _terms(visit: Visit, version: str = "") -> HttpResponse:
    document = visit.document
    current = document.current_terms(local_date(document, visit.at))
    shown = find_terms(document, version) if version else current
    if shown is None:
        return not_shown(visit)
    newest_first = sorted(document.terms, key=lambda one: one.effective_on, reverse=True)
    context = {"terms": shown, "current": current, "versions": newest_first}
    return visit.page("registration/terms.html", context)


def _home(visit: Visit) -> HttpResponse:
    visit.sign_in()
    provider = cast("Provider", sample_provider(visit.document))
    label = number_name(provider, visit.contract)
    card = ProviderCard(provider, (GROUP_ADMIN.name,), label)
    part = ContractPart(visit.contract, None, cards=[card])
    home = Home(parts=[part], elsewhere=0, roles=(GROUP_ADMIN.name,))
    show_context(visit.request, Context(visit.contract, provider))
    return visit.page("groups/home.html", {"home": home, "everywhere": "", "nav_here": "home"})


def _sign_out(visit: Visit) -> HttpResponse:
    return visit.to("login_options")


def _brand_sheet(visit: Visit, **_digest: object) -> HttpResponse:
    return HttpResponse(render_sheet(visit.document.brand.color), content_type="text/css")


def _logo(visit: Visit, **_digest: object) -> HttpResponse:
    """Return the logo that the document names, whichever is asked for."""
    named = visit.document.brand.logo
    content = find_logo(named) if named else None
    return not_shown(visit) if content is None else HttpResponse(content, content_type="image/png")


def _of_journey(visit: Visit) -> Mapping[str, Any]:
    return {
        "journey": sample_journey(visit.document),
        "entry": sample_provider(visit.document),
        "steps": STEPS,
    }


_PAGES: Final[Mapping[str, PageOf]] = {
    "login_options": _login_options,
    **{f"sign_in_{option}": _sign_in for option in _SIGN_IN},
    "sign_out": _sign_out,
    "mfa_help": _mfa_help,
    "home": _home,
    "registration:start": _start,
    "registration:no_code": _no_code,
    "registration:provider": _provider,
    "registration:information": _information,
    "registration:username": _username,
    "registration:terms_accept": _terms_accept,
    "registration:confirmation": _confirmation,
    "registration:resend": _resend,
    "registration:address": _address,
    "registration:reset": _reset,
    "registration:link": _link,
    "registration:terms": _terms,
    "registration:terms_version": _terms,
    "tenants:brand_css": _brand_sheet,
    "tenants:logo": _logo,
}
