"""Addresses of the pages after sign-in."""

from django.urls import include, path

from core.groups.views import (
    context,
    details,
    giving_up,
    home,
    invitations,
    invited,
    joining,
    recoveries,
    recovering,
    roles,
    setup,
    user_acts,
    users,
)

_setup = [
    path("", setup.providers, name="providers"),
    path("providers/<uuid:provider_id>/", setup.provider, name="provider"),
    path("providers/<uuid:provider_id>/new-user/", invitations.new_user, name="new_user"),
    path("providers/<uuid:provider_id>/give-up/", giving_up.give_up, name="give_up"),
    path("username/", invitations.username, name="username"),
    path("invitations/<uuid:invitation_id>/", invitations.invitation, name="invitation"),
    path("invitations/<uuid:invitation_id>/resend/", invitations.resend, name="resend"),
    path("invitations/<uuid:invitation_id>/withdraw/", invitations.withdraw, name="withdraw"),
    path("invitations/<uuid:invitation_id>/address/", invitations.readdress, name="readdress"),
    path("users/", users.users, name="users"),
    path("users/<uuid:user_id>/", users.user, name="user"),
    path("users/<uuid:user_id>/details/", details.details, name="details"),
    path("users/<uuid:user_id>/<slug:name>/", user_acts.act_on, name="act"),
    path("roles/<uuid:membership_id>/", roles.role, name="role"),
    path("roles/<uuid:membership_id>/remove/", roles.remove, name="remove"),
    path("requests/", joining.requests, name="requests"),
    path("requests/<uuid:request_id>/", joining.join_request, name="request"),
    path("recoveries/<uuid:recovery_id>/", recovering.recovery, name="recovery"),
    path("administrators/<uuid:provider_id>/recover/", recovering.recover, name="recover"),
    path("administrators/", setup.administrators, name="administrators"),
]

urlpatterns = [
    path("home/", home.home, name="home"),
    path("context/", context.change, name="context"),
    path("context/<uuid:provider_id>/", context.choose, name="context_choose"),
    path("providers/<uuid:provider_id>/", context.provider, name="provider"),
    path("account/", home.account, name="account"),
    path("setup/", include((_setup, "setup"))),
    path("requests/", joining.own_requests, name="own_requests"),
    path(
        "requests/<uuid:request_id>/recover/",
        recovering.recover_from_request,
        name="own_request_recover",
    ),
    path(
        "requests/recoveries/<uuid:recovery_id>/withdraw/",
        recovering.withdraw,
        name="own_recovery_withdraw",
    ),
    path("staff/recoveries/", recoveries.recoveries, name="staff_recoveries"),
    path("staff/recoveries/<uuid:recovery_id>/", recoveries.recovery, name="staff_recovery"),
    path("requests/<uuid:request_id>/withdraw/", joining.withdraw, name="own_request_withdraw"),
    path("invitations/ended/", invited.invitation_ended, name="invitation_ended"),
    path("invitations/accept/", invited.invitation_accept, name="invitation_accept"),
    path("invitations/<str:token>/", invited.invitation, name="invitation"),
]
