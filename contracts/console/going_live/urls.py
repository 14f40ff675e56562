"""Addresses of a contract's go-live list, under those of staff."""

from django.urls import path

from contracts.console.going_live import views

app_name = "going_live"
urlpatterns = [
    path("", views.going_live, name="list"),
    path("try/<str:channel>/", views.try_channel, name="try"),
    path("<str:item>/tick/", views.tick_item, name="tick"),
    path("<str:item>/take-back/", views.untick_item, name="untick"),
]
