"""Addresses of links to previews. PreviewMiddleware answers them, ahead of every session."""

from django.urls import path

from contracts.console.previewing.doors import preview

app_name = "preview"
urlpatterns = [
    path("<str:token>/", preview, name="pages"),
    path("<str:token>/<path:rest>", preview, name="page"),
]
