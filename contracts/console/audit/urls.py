"""Addresses of the audit trail, under those of staff."""

from django.urls import path

from contracts.console.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.events, name="events"),
    path("export/", views.export, name="export"),
]
