"""Addresses of staff: invitations, and the pages of those who hold a role."""

from django.urls import path

from core.staff.views import home, invitation

app_name = "staff"
urlpatterns = [
    path("", home.home, name="home"),
    path("factor/", home.factor, name="factor"),
    path("invitation/ended/", invitation.invitation_ended, name="invitation_ended"),
    path("invitation/name/", invitation.invitation_name, name="invitation_name"),
    path("invitation/accept/", invitation.invitation_accept, name="invitation_accept"),
    path("invitation/<str:token>/", invitation.invitation, name="invitation"),
]
