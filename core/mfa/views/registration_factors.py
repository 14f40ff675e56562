"""The last pages of MFA registration for an authenticator app or a passkey."""

from django.http import HttpRequest, HttpResponse

from core.common import clock
from core.common.http import get_only, get_or_post
from core.mfa.authenticators.passkey_domain import party_of
from core.mfa.authenticators.totp import typed_form
from core.mfa.forms import AppCodeForm
from core.mfa.models import MfaRegistration
from core.mfa.registering.journey import find_own_registration
from core.mfa.registering.sources import SourceDescription
from core.mfa.registering.states import Step, pending_step
from core.mfa.services.registration_factors import (
    ask_registration_passkey,
    offer_registration_secret,
    owner_of_enrolment,
    verify_app,
    verify_registration_passkey,
)
from core.mfa.services.totp import find_app_secret
from core.mfa.views.enrolment import NOT_CONFIRMED, answer_of, options_answer, qr_code
from core.mfa.views.registration_pages import finish_registration, registration_page, step_page


@get_or_post
@registration_page(Step.APP)
def app(
    request: HttpRequest, registration: MfaRegistration, person: SourceDescription
) -> HttpResponse:
    """Show the secret of the app, and take the code that confirms it."""
    form = AppCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["code"]
        if verify_app(registration_id=registration.id, code=code, at=clock.now()):
            return finish_registration(request, registration, at=clock.now())
        form.add_error("code", NOT_CONFIRMED)
    secret = offer_registration_secret(registration_id=registration.id, at=clock.now())
    context = {"form": form, "secret": typed_form(secret)}
    return step_page(request, "app", registration, context, current=4)


@get_only
def app_code(request: HttpRequest) -> HttpResponse:
    """Answer with the QR code of the secret that the page shows."""
    registration = find_own_registration(request)
    if registration is None or pending_step(registration) is not Step.APP:
        return HttpResponse(status=404)
    secret = find_app_secret(owner=owner_of_enrolment(registration), at=clock.now())
    return qr_code(request, secret, registration.email)


@get_or_post
@registration_page(Step.PASSKEY)
def passkey(
    request: HttpRequest, registration: MfaRegistration, person: SourceDescription
) -> HttpResponse:
    """Make a passkey; the page's script carries question and answer."""
    party = party_of(request)
    refused = False
    if request.method == "POST" and party is not None:
        if request.POST.get("action") == "passkey_options":
            return options_answer(
                ask_registration_passkey(
                    registration_id=registration.id, party=party, person=person, at=clock.now()
                )
            )
        answer = answer_of(request)
        if answer is not None and verify_registration_passkey(
            registration_id=registration.id, party=party, response=answer, at=clock.now()
        ):
            return finish_registration(request, registration, at=clock.now())
        refused = True
    context = {"refused": refused, "usable": party is not None}
    return step_page(request, "passkey", registration, context, current=4)
