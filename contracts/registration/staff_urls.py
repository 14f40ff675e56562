"""Addresses of staff about registrations."""

from django.urls import path

from contracts.registration.views import approvals

app_name = "approvals"
urlpatterns = [
    path("<uuid:approval_id>/", approvals.approval, name="approval"),
]
