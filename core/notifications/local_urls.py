"""Addresses of the outbox pages, mounted at `outbox` without a slash; local portals only."""

from django.urls import include, path

from core.notifications import local_views

app_name = "outbox"
urlpatterns = [
    path(".json", local_views.outbox_json, name="json"),
    path(
        "/",
        include(
            [
                path("", local_views.outbox, name="outbox"),
                path("clear", local_views.clear, name="clear"),
                path("messages", local_views.messages, name="messages"),
                path("<uuid:message_id>/keys", local_views.keys, name="keys"),
                path("<uuid:message_id>/mail", local_views.mail, name="mail"),
            ]
        ),
    ),
]
