"""Addresses of the pages after sign-in."""

from django.urls import include, path

from core.groups.views import home, roles, setup, users

_setup = [
    path("", setup.providers, name="providers"),
    path("providers/<uuid:provider_id>/", setup.provider, name="provider"),
    path("users/", users.users, name="users"),
    path("users/<uuid:user_id>/", users.user, name="user"),
    path("roles/<uuid:membership_id>/", roles.role, name="role"),
    path("roles/<uuid:membership_id>/remove/", roles.remove, name="remove"),
    path("administrators/", setup.administrators, name="administrators"),
]

urlpatterns = [
    path("home/", home.home, name="home"),
    path("account/", home.account, name="account"),
    path("setup/", include((_setup, "setup"))),
]
