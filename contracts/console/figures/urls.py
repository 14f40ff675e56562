"""Addresses of a contract's figures, under those of staff."""

from django.urls import path

from contracts.console.figures import views

app_name = "figures"
urlpatterns = [
    path("", views.figures, name="figures"),
    path("figures.csv", views.figures_csv, name="csv"),
]
