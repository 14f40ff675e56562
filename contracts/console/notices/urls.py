"""Addresses of a contract's notices, under those of staff."""

from django.urls import path

from contracts.console.notices import views

app_name = "notices"
urlpatterns = [
    path("", views.notices, name="list"),
    path("new/", views.new, name="new"),
    path("<uuid:notice_id>/", views.edit, name="edit"),
    path("<uuid:notice_id>/end/", views.end, name="end"),
]
