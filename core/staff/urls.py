"""Addresses of staff: invitations, and the pages of those who hold a role."""

from django.urls import path

from core.staff.views import (
    accounts,
    elevation,
    factor,
    home,
    in_hand,
    invitation,
    links,
    members,
    oidc,
    queue,
    requests,
    writing,
)

app_name = "staff"
urlpatterns = [
    path("", home.home, name="home"),
    path("factor/", factor.factor, name="factor"),
    path("factor/call/", factor.factor_call_state, name="factor_call_state"),
    path("accounts/", accounts.find, name="find"),
    path("accounts/<uuid:account_id>/", accounts.account, name="account"),
    path("accounts/<uuid:account_id>/history/", accounts.history, name="account_history"),
    path("accounts/<uuid:account_id>/<str:name>/", accounts.act_on, name="act"),
    path("registrations/<uuid:registration_id>/", accounts.registration, name="registration"),
    path("requests/", queue.requests, name="requests"),
    path("requests/<uuid:request_id>/", requests.help_request, name="request"),
    path("requests/<uuid:request_id>/account/", requests.open_account, name="request_account"),
    path("requests/<str:kind>/<uuid:request_id>/write/", writing.write, name="request_write"),
    path(
        "requests/<str:kind>/<uuid:request_id>/letters/<uuid:letter_id>.pdf",
        writing.letter,
        name="request_letter",
    ),
    path("requests/<str:kind>/<uuid:request_id>/take/", in_hand.take, name="request_take"),
    path(
        "requests/<str:kind>/<uuid:request_id>/give-back/",
        in_hand.give_back,
        name="request_give_back",
    ),
    path("members/", members.members, name="members"),
    path("members/invite/", members.invite, name="member_invite"),
    path("members/<uuid:member_id>/end/", members.end_role, name="member_end"),
    path(
        "members/invitations/<uuid:invitation_id>/withdraw/",
        members.withdraw_invitation,
        name="invitation_withdraw",
    ),
    path("elevated-rights/", elevation.elevate, name="elevate"),
    path("elevated-rights/give-up/", elevation.give_up, name="give_up"),
    path("sign-in/confirm/", oidc.confirm, name="oidc_confirm"),
    path("sign-in/links/", links.links, name="oidc_links"),
    path("sign-in/<str:key>/link/", links.link, name="oidc_link"),
    path("sign-in/<str:key>/unlink/", links.unlink, name="oidc_unlink"),
    path("sign-in/<str:key>/", oidc.begin, name="oidc_begin"),
    path("sign-in/<str:key>/callback/", oidc.callback, name="oidc_callback"),
    path("invitation/ended/", invitation.invitation_ended, name="invitation_ended"),
    path("invitation/name/", invitation.invitation_name, name="invitation_name"),
    path("invitation/accept/", invitation.invitation_accept, name="invitation_accept"),
    path("invitation/<str:token>/", invitation.invitation, name="invitation"),
]
