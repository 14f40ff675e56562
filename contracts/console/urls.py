"""Addresses of the console, under those of staff."""

from django.urls import path

from contracts.console.views import contracts

app_name = "console"
urlpatterns = [
    path("", contracts.contracts, name="contracts"),
    path("<slug:slug>/", contracts.contract, name="contract"),
    path("<slug:slug>/history/", contracts.history, name="history"),
    path("<slug:slug>/revisions/<int:number>/", contracts.revision, name="revision"),
    path("<slug:slug>/revisions/<int:number>.toml", contracts.revision_toml, name="revision_toml"),
    path("<slug:slug>/revisions/<int:number>/rollback/", contracts.rollback, name="rollback"),
]
