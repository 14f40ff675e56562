"""Addresses of the pages of operations, under those of staff."""

from django.urls import path

from contracts.console.operations.views import deployment, outbox, provisioning

app_name = "operations"
urlpatterns = [
    path("", deployment.overview, name="overview"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/messages/", outbox.message_list, name="messages"),
    path("outbox/messages/retry/", outbox.retry_many, name="retry_many"),
    path("outbox/messages/<uuid:message_id>/", outbox.message, name="message"),
    path("outbox/messages/<uuid:message_id>/retry/", outbox.retry, name="retry"),
    path("provisioning/", provisioning.provisioning, name="provisioning"),
    path("provisioning/<uuid:run_id>/resume/", provisioning.resume, name="resume"),
    path("tasks/", deployment.tasks, name="tasks"),
    path("channels/", deployment.channels, name="channels"),
    path("hosts/", deployment.hosts, name="hosts"),
    path("migrations/", deployment.migrations, name="migrations"),
]
