"""What staff of a contract may do about an identifier that is registered by mistake."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet

from contracts.roster.models import RosterEntry
from core.common.http import row_or_404
from core.common.identifiers import normalize
from core.groups.models import Provider, ProviderGroup, ProviderStatus
from core.groups.selectors import list_group_admins
from core.staff.forms import ReasonForm
from tenants.context import require_contract


@dataclass(frozen=True)
class Target:
    """The group that a provider would go to, and who administers it."""

    group: ProviderGroup
    admins: tuple[str, ...]


def access_provider(entry: RosterEntry, key: UUID) -> Provider:
    """Return an active provider that was registered by an entry. Raises Http404."""
    mine = (
        _active_in(require_contract().id).filter(roster_entry_id=entry.id).select_related("group")
    )
    return row_or_404(mine, key)


class ReleaseForm(ReasonForm):
    """Why an identifier is released; `seen` is the version of the loss that was shown."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def renew(self, seen: str) -> None:
        """Let the form, shown once more, be about the loss as it is by now."""
        self.data = {**self.data.dict(), "seen": seen}  # type: ignore[attr-defined]


class MoveForm(ReleaseForm):
    """The group that a provider goes to, named by another provider of it in the same contract."""

    other = forms.CharField(
        label="Identifier of a provider of the other group",
        max_length=64,
        help_text="One that is registered in this program, by the group that is to have this one.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("other", "reason")

    def __init__(self, *args: Any, provider: Provider, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._provider = provider

    def clean_other(self) -> Target:
        """Find the one group that is meant."""
        return find_target(self.cleaned_data["other"], self._provider)


def find_target(identifier: str, provider: Provider) -> Target:
    """Return the group of another provider of the contract, for one that is to be moved there.

    Raises ValidationError with the sentence for the field.
    """
    found = _active_in(provider.contract_id).filter(identifier=normalize(identifier))
    groups = list(ProviderGroup.objects.filter(pk__in=found.values("group"))[:2])
    if not groups:
        raise forms.ValidationError("Nobody is registered with this identifier here.")
    if len(groups) > 1:
        raise forms.ValidationError(
            "Several groups have locations of this identifier. Name another provider of the "
            "group that is meant."
        )
    if groups[0].id == provider.group_id:
        raise forms.ValidationError("This is a provider of the same group.")
    target = target_of(groups[0])
    if not target.admins:
        raise forms.ValidationError("This group has no active Provider Group Admin.")
    return target


def target_of(group: ProviderGroup) -> Target:
    """Return a group with the names of who administers it now."""
    admins = list_group_admins(group.id).filter(user__is_active=True)
    people = [one.user.get_full_name() for one in admins.select_related("user")]
    return Target(group, tuple(sorted(people)))


def _active_in(contract_id: UUID) -> QuerySet[Provider]:
    return Provider.objects.filter(contract_id=contract_id, status=ProviderStatus.ACTIVE)
