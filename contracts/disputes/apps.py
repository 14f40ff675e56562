"""The app's registration with Django."""

from django.apps import AppConfig


class DisputesConfig(AppConfig):
    name = "contracts.disputes"
    label = "contracts_disputes"
    verbose_name = "Disputes over identifiers"

    def ready(self) -> None:
        from contracts.disputes import messages, queue
        from contracts.disputes.services.guarding import refuse_while_disputed
        from core.groups.services.release_guards import register_release_guard
        from core.notifications.kinds import register_kind

        queue.register_disputes()
        register_release_guard(refuse_while_disputed)
        for kind in messages.KINDS:
            register_kind(kind)
