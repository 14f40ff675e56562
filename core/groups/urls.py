"""Addresses of the pages after sign-in."""

from django.urls import path

from core.groups import views

urlpatterns = [
    path("home/", views.home, name="home"),
    path("account/", views.account, name="account"),
]
