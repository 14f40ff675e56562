"""The addresses of a local portal: the same, with the outbox and the component gallery."""

from django.urls import include, path

from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as portal_urls

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    *portal_urls,
    path("outbox", include("core.notifications.local_urls")),
    path("ui/", include("core.ui.urls")),
]
