"""What may keep staff from releasing or moving a provider: apps outside say so here."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from core.groups.models import Provider

ReleaseGuard = Callable[[Provider], None]
_guards: Final[list[ReleaseGuard]] = []


def register_release_guard(guard: ReleaseGuard) -> None:
    """Have a guard asked before staff release or move a provider; registered twice, it is one.

    Called when an app is ready. The guard raises a DomainError to refuse. It runs in the
    transaction of the act, before anything of the group is locked.
    """
    if guard not in _guards:
        _guards.append(guard)


def ask_release_guards(provider_id: UUID, *, settles: UUID | None) -> None:
    """Let through an act of staff on a provider, or raise what a guard raises.

    `settles` is the request that the act decides by its own rules (who, how many people): there the
    guards have nothing to say.
    """
    if settles is None:
        provider = Provider.objects.get(pk=provider_id)
        for guard in _guards:
            guard(provider)
