"""Addresses of the component gallery."""

from django.urls import path

from core.ui import views

app_name = "ui"

urlpatterns = [path("", views.gallery, name="gallery")]
