"""Addresses of staff about disputes."""

from django.urls import path

from contracts.disputes.views import deciding

app_name = "disputes"
urlpatterns = [
    path("<uuid:dispute_id>/", deciding.decide, name="decide"),
]
