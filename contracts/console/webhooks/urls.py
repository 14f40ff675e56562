"""Addresses of the pages of webhooks, under those of staff."""

from django.urls import path

from contracts.console.webhooks.views import acts, deliveries, endpoints

app_name = "webhooks"
_DELIVERY = "<uuid:endpoint_id>/deliveries/<uuid:message_id>/"
urlpatterns = [
    path("", endpoints.endpoints, name="endpoints"),
    path("new/", endpoints.endpoint_new, name="endpoint_new"),
    path("<uuid:endpoint_id>/", endpoints.endpoint, name="endpoint"),
    path("<uuid:endpoint_id>/edit/", endpoints.endpoint_edit, name="endpoint_edit"),
    path("<uuid:endpoint_id>/rotate/", acts.rotate, name="rotate"),
    path("<uuid:endpoint_id>/test/", acts.test, name="test"),
    path("<uuid:endpoint_id>/pause/", acts.pause, name="pause"),
    path("<uuid:endpoint_id>/resume/", acts.resume, name="resume"),
    path("<uuid:endpoint_id>/replay/", acts.replay_many, name="replay_many"),
    path("<uuid:endpoint_id>/delete/", acts.delete, name="delete"),
    path("<uuid:endpoint_id>/deliveries/", deliveries.delivery_list, name="deliveries"),
    path(_DELIVERY, deliveries.delivery, name="delivery"),
    path(f"{_DELIVERY}replay/", acts.replay, name="replay"),
]
