"""Registers the sample messages in the worker's process."""

from django.apps import AppConfig


class SampleMessagesConfig(AppConfig):
    """An app without tables."""

    name = "tests.support.worker"
    label = "sample_messages"

    def ready(self) -> None:
        """Make the kinds known."""
        from core.notifications.kinds import register_kind
        from tests.support.worker.messages import KINDS

        for kind in KINDS:
            register_kind(kind)
