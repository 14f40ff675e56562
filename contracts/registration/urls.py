"""Addresses of registration. `<uuid:journey_id>` names one journey, so that tabs never mix."""

from django.urls import path

from contracts.registration.views import (
    asking,
    due_terms,
    joining,
    journey,
    links,
    providers,
    start,
    terms,
    withdrawing,
)

app_name = "registration"
urlpatterns = [
    path("register/", start.start, name="start"),
    path("register/choose/<uuid:group_id>/", start.choose, name="choose"),
    path("register/code/", start.no_code, name="no_code"),
    path("register/join/<uuid:offer_id>/", asking.ask, name="ask"),
    path("register/reset/", links.reset, name="reset"),
    path("register/link-ended/", links.link_ended, name="link_ended"),
    path("register/link/<str:token>/", links.link, name="link"),
    path("register/<uuid:journey_id>/provider/", journey.provider, name="provider"),
    path("register/<uuid:journey_id>/information/", journey.information, name="information"),
    path("register/<uuid:journey_id>/username/", journey.username, name="username"),
    path("register/<uuid:journey_id>/terms/", journey.terms_accept, name="terms_accept"),
    path("register/<uuid:journey_id>/confirmation/", journey.confirmation, name="confirmation"),
    path("register/<uuid:journey_id>/resend/", journey.resend, name="resend"),
    path("register/<uuid:journey_id>/address/", journey.address, name="address"),
    path("login/terms/", due_terms.due_terms, name="terms_due"),
    path("terms/", terms.terms, name="terms"),
    path("terms/<str:version>/", terms.terms_version, name="terms_version"),
    path("providers/add/", providers.add_provider, name="add_provider"),
    path("providers/waiting/<uuid:approval_id>/withdraw/", withdrawing.withdraw, name="withdraw"),
    path("providers/add/<uuid:journey_id>/", providers.add_confirm, name="add_confirm"),
    path("providers/add/<uuid:journey_id>/done/", providers.add_done, name="add_done"),
    path("providers/add/<uuid:journey_id>/join/", joining.join, name="join"),
    path("providers/add/claim/<uuid:pending_id>/", providers.add_claimed, name="add_claimed"),
]
