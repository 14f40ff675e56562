"""What is done with a webhook or a SIEM stream: another secret, pause, resume, test, delete."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from django.http import Http404, HttpResponse
from pydantic import AwareDatetime, Field
from rest_framework.request import Request

from contracts.api.door import ApiView, answer
from contracts.api.json_bodies import Body
from contracts.api.once import HEADER
from contracts.api.resources.deliveries import DeliveryItem, WebhookReason, item_of
from contracts.api.resources.webhooks import (
    MANAGE,
    TAG,
    VIEW,
    WebhookFacts,
    WebhookMade,
    endpoint_answer,
    secret_answer,
)
from contracts.api.schema import describe
from contracts.api.shapes import Shape
from core.webhooks.access import access_endpoint_to_manage
from core.webhooks.models import WebhookEndpoint
from core.webhooks.services.endpoints import (
    delete_endpoint,
    pause_endpoint,
    resume_endpoint,
    rotate_secret,
    send_test,
)
from core.webhooks.services.replaying import MOST_AT_ONCE, replay_deliveries


class RotationWanted(Body):
    """When the former secret ends."""

    at_once: bool = Field(
        default=False,
        description="The former secret signs no more; false: it signs as well for a day.",
    )


class ReplayWanted(WebhookReason):
    """Which deliveries are sent again."""

    since: AwareDatetime = Field(description="Those of this moment and after; kept are 30 days.")
    which: Literal["dead", "all"] = Field(
        "dead", description="`dead`: those that were given up; `all`: those delivered as well."
    )


class Replayed(Shape):
    """How many deliveries are sent again."""

    deliveries: int = Field(description=f"At most {MOST_AT_ONCE:,}, the oldest first.")


class Tested(Shape):
    """A test that is on its way."""

    delivery: DeliveryItem | None = Field(
        description="Null of a SIEM stream, which gets it with its chain."
    )


class RotationView(ApiView):
    """`/api/v1/webhooks/<id>/rotate/`"""

    rights: ClassVar = {"POST": MANAGE}
    sees: ClassVar = VIEW

    @describe(
        "rotate_webhook_secret",
        "Give an endpoint a new secret",
        takes=RotationWanted,
        gives=WebhookMade,
        tag=TAG,
        writes=True,
    )
    def post(self, request: Request, endpoint_id: UUID) -> HttpResponse:
        """Make a new secret and show it once."""
        found = access_endpoint_to_manage(self.staff, endpoint_id)
        at_once = self.read(RotationWanted).at_once
        return self.once(lambda: self._rotate(found, at_once=at_once))

    def _rotate(self, found: WebhookEndpoint, *, at_once: bool) -> HttpResponse:
        made = rotate_secret(
            endpoint_id=found.pk, at_once=at_once, by=self.staff.user.pk, at=self.at
        )
        return secret_answer(made, self.at)


class PauseView(ApiView):
    """`/api/v1/webhooks/<id>/pause/`"""

    rights: ClassVar = {"POST": MANAGE}
    sees: ClassVar = VIEW

    @describe(
        "pause_webhook",
        "Send nothing for a while",
        takes=WebhookReason,
        gives=WebhookFacts,
        tag=TAG,
        writes=True,
    )
    def post(self, request: Request, endpoint_id: UUID) -> HttpResponse:
        """Pause an endpoint; what happens waits for 90 days. Again it changes nothing."""
        found = access_endpoint_to_manage(self.staff, endpoint_id)
        reason = self.read(WebhookReason).reason
        return self.once(lambda: self._pause(found, reason))

    def _pause(self, found: WebhookEndpoint, reason: str) -> HttpResponse:
        pause_endpoint(endpoint_id=found.pk, reason=reason, by=self.staff.user.pk, at=self.at)
        return _present(found, self.at)


class ResumeView(ApiView):
    """`/api/v1/webhooks/<id>/resume/`"""

    rights: ClassVar = {"POST": MANAGE}
    sees: ClassVar = VIEW

    @describe("resume_webhook", "Send again", gives=WebhookFacts, tag=TAG, writes=True)
    def post(self, request: Request, endpoint_id: UUID) -> HttpResponse:
        """Send again, at once and in order, what has waited. Again it changes nothing."""
        found = access_endpoint_to_manage(self.staff, endpoint_id)
        return self.once(lambda: self._resume(found))

    def _resume(self, found: WebhookEndpoint) -> HttpResponse:
        resume_endpoint(endpoint_id=found.pk, by=self.staff.user.pk, at=self.at)
        return _present(found, self.at)


class TestView(ApiView):
    """`/api/v1/webhooks/<id>/test/`"""

    rights: ClassVar = {"POST": MANAGE}
    sees: ClassVar = VIEW

    @describe(
        "test_webhook",
        "Send an event that means nothing",
        gives=Tested,
        tag=TAG,
        status=202,
        writes=True,
    )
    def post(self, request: Request, endpoint_id: UUID) -> HttpResponse:
        """Send a test; the delivery says how it went."""
        found = access_endpoint_to_manage(self.staff, endpoint_id)
        return self.once(lambda: self._test(found))

    def _test(self, found: WebhookEndpoint) -> HttpResponse:
        made = send_test(endpoint_id=found.pk, by=self.staff.user.pk, at=self.at)
        return answer(Tested(delivery=item_of(made) if made else None), status=202)


class ReplaysView(ApiView):
    """`/api/v1/webhooks/<id>/replay/`"""

    rights: ClassVar = {"POST": MANAGE}
    sees: ClassVar = VIEW

    @describe(
        "replay_deliveries",
        "Send deliveries since a moment again",
        takes=ReplayWanted,
        gives=Replayed,
        tag=TAG,
        writes=True,
    )
    def post(self, request: Request, endpoint_id: UUID) -> HttpResponse:
        """Send again what was delivered or given up, each under the id that it had."""
        found = access_endpoint_to_manage(self.staff, endpoint_id)
        wanted = self.read(ReplayWanted)
        return self.once(lambda: self._replay(found, wanted))

    def _replay(self, found: WebhookEndpoint, wanted: ReplayWanted) -> HttpResponse:
        done = replay_deliveries(
            endpoint=found,
            since=wanted.since,
            only_dead=wanted.which == "dead",
            reason=wanted.reason,
            by=self.staff.user.pk,
            at=self.at,
        )
        return answer(Replayed(deliveries=done))


class DeletionView(ApiView):
    """`/api/v1/webhooks/<id>/delete/`"""

    rights: ClassVar = {"POST": MANAGE}
    sees: ClassVar = VIEW

    @describe(
        "delete_webhook",
        "Delete an endpoint",
        takes=WebhookReason,
        gives=WebhookFacts,
        tag=TAG,
        writes=True,
    )
    def post(self, request: Request, endpoint_id: UUID) -> HttpResponse:
        """Delete an endpoint with all that waits for it. The answer is what it was."""
        found = self._found(endpoint_id)
        reason = self.read(WebhookReason).reason
        return self.once(lambda: self._delete(found, reason))

    def _found(self, endpoint_id: UUID) -> WebhookEndpoint | None:
        """Return the endpoint; None where a key may have the answer of when it was deleted."""
        try:
            return access_endpoint_to_manage(self.staff, endpoint_id)
        except Http404:
            if HEADER not in self.request.headers:
                raise
            return None

    def _delete(self, found: WebhookEndpoint | None, reason: str) -> HttpResponse:
        if found is None:
            raise Http404
        gone = endpoint_answer(found, self.at)
        delete_endpoint(endpoint_id=found.pk, reason=reason, by=self.staff.user.pk, at=self.at)
        return gone


def _present(found: WebhookEndpoint, at: datetime) -> HttpResponse:
    """Return an endpoint as it stands now."""
    found.refresh_from_db()
    return endpoint_answer(found, at)
