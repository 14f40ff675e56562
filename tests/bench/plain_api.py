"""The API as one writes it with Django REST framework alone: what ours is measured beside.

Token authentication with a look-up, a throttle in the cache, cursor pages and model serializers,
all of them the framework's own, over the same rows through the same middleware.
"""

from typing import Any, ClassVar

from django.db.models import Count, Min, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import include, path
from rest_framework.authentication import TokenAuthentication
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import (
    BooleanField,
    DateTimeField,
    IntegerField,
    ModelSerializer,
    SlugRelatedField,
)
from rest_framework.throttling import UserRateThrottle
from rest_framework.viewsets import ReadOnlyModelViewSet

from config.urls import urlpatterns as own
from contracts.console.models import PlannedPublication
from core.audit.models import AuditEvent
from core.staff.models import ApiToken
from core.webhooks.models import WebhookDelivery, WebhookEndpoint

_OPEN = Q(deliveries__state__in=("waiting", "sending"))


class Lookup(TokenAuthentication):
    """The framework's own, with our table of tokens for its own."""

    keyword = "Bearer"

    def authenticate_credentials(self, key: str) -> tuple[Any, Any]:
        """Find the token by a column, as the framework does."""
        token = ApiToken.objects.select_related("user").get(ending=key[-4:])
        return token.user, token


class Throttle(UserRateThrottle):
    """A limit that is never met."""

    rate = "100000/min"


class Pages(CursorPagination):
    """Newest first."""

    page_size = 50


class Plain(ReadOnlyModelViewSet[Any]):
    """List and detail."""

    authentication_classes = [Lookup]  # noqa: RUF012
    permission_classes = [IsAuthenticated]  # noqa: RUF012
    throttle_classes = [Throttle]  # noqa: RUF012


class EventPages(Pages):
    """By time."""

    ordering = ("-at", "-id")


class PublicationPages(Pages):
    """By time."""

    ordering = ("-asked_at", "-id")


class EventSerializer(ModelSerializer[AuditEvent]):
    """What ours gives of an event."""

    class Meta:
        model = AuditEvent
        fields: ClassVar = [
            "id",
            "at",
            "event_type",
            "result",
            "actor_id",
            "subject_type",
            "subject_id",
            "contract_id",
            "request_id",
            "remote_address",
            "data",
        ]


class PublicationSerializer(ModelSerializer[PlannedPublication]):
    """What ours gives of a publication."""

    class Meta:
        model = PlannedPublication
        fields: ClassVar = [
            "id",
            "slug",
            "state",
            "base_number",
            "digest",
            "note",
            "author_id",
            "asked_at",
            "due_at",
            "revision_number",
            "outcome",
        ]


class DeliveryPages(Pages):
    """By key, which rises with time."""

    ordering = ("-id",)


class EndpointPages(Pages):
    """By name."""

    ordering = ("name", "id")


class DeliverySerializer(ModelSerializer[WebhookDelivery]):
    """What ours gives of a delivery in a list."""

    class Meta:
        model = WebhookDelivery
        fields: ClassVar = [
            "message_id",
            "event_type",
            "event_id",
            "state",
            "created_at",
            "due_at",
            "tries",
            "attempted_at",
            "outcome",
            "status",
            "delivered_at",
            "replays",
        ]


class EndpointSerializer(ModelSerializer[WebhookEndpoint]):
    """What ours gives of an endpoint, with what waits for it."""

    contract = SlugRelatedField[Any]("slug", read_only=True)
    has_authorization = BooleanField()
    waiting = IntegerField()
    dead = IntegerField()
    oldest_at = DateTimeField()

    class Meta:
        model = WebhookEndpoint
        fields: ClassVar = [
            "id",
            "kind",
            "name",
            "contract",
            "address",
            "event_types",
            "has_authorization",
            "state",
            "state_since",
            "made_by",
            "created_at",
            "failing_since",
            "last_delivered_at",
            "former_secret_ends_at",
            "waiting",
            "oldest_at",
            "dead",
        ]


class Deliveries(Plain):
    """Deliveries of an endpoint."""

    queryset = WebhookDelivery.objects.all()
    serializer_class = DeliverySerializer
    pagination_class = DeliveryPages

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        """Return those of the endpoint that is named."""
        found = get_object_or_404(WebhookEndpoint, pk=self.request.query_params["endpoint"])
        return self.queryset.filter(endpoint=found)


class Endpoints(Plain):
    """Endpoints of webhooks."""

    queryset = WebhookEndpoint.objects.select_related("contract").annotate(
        has_authorization=Q(sealed_authorization__isnull=False),
        waiting=Count("deliveries", filter=_OPEN),
        dead=Count("deliveries", filter=Q(deliveries__state="dead")),
        oldest_at=Min("deliveries__created_at", filter=_OPEN),
    )
    serializer_class = EndpointSerializer
    pagination_class = EndpointPages


class Events(Plain):
    """Audit events."""

    queryset = AuditEvent.objects.all()
    serializer_class = EventSerializer
    pagination_class = EventPages


class Publications(Plain):
    """Publications."""

    queryset = PlannedPublication.objects.defer("document")
    serializer_class = PublicationSerializer
    pagination_class = PublicationPages


router = SimpleRouter()
router.register("events", Events)
router.register("publications", Publications)
router.register("deliveries", Deliveries)
router.register("endpoints", Endpoints)
urlpatterns = [path("plain/", include(router.urls)), *own]
