"""Addresses of a contract's hosts and sender, under those of staff."""

from django.urls import path

from contracts.console.hosts import views

app_name = "hosts"
urlpatterns = [
    path("", views.hosts, name="list"),
    path("check/", views.check_now, name="check"),
]
