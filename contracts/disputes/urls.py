"""The public page for disputes, in each contract."""

from django.urls import path

from contracts.disputes.views import opening

app_name = "dispute"
urlpatterns = [
    path("register/dispute/", opening.dispute, name="open"),
    path("register/dispute/sent/", opening.sent, name="sent"),
]
