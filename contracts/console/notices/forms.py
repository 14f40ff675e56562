"""The form of a notice: plain words, one link, two moments of the contract's own time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import URLValidator

from core.common.ids import uuid7
from core.ui.fields import day_field, missing, time_field
from core.ui.forms import PortalForm
from tenants.banners import Banner
from tenants.models import ContractNotice, NoticeLevel

_TOO_EARLY: Final = "This time has passed. Choose one that is still to come."


class NoticeForm(PortalForm):
    """What a notice says, from when until when. `present` is the one that it takes the place of."""

    key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    """Names the form, so that a second click publishes nothing more."""
    text = forms.CharField(
        label="Text",
        max_length=500,
        help_text="Shown as you write it: plain text, on every page of the contract.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    level = forms.ChoiceField(
        label="Kind",
        choices=NoticeLevel.choices,
        initial=NoticeLevel.INFO.value,
        widget=forms.RadioSelect,
    )
    link_label = forms.CharField(
        label="Words of a link after the text", required=False, max_length=100
    )
    link_url = forms.CharField(
        label="Address of the link",
        required=False,
        max_length=500,
        help_text="Begins with https://",
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false"}),
        validators=[URLValidator(["https"], message="Enter an address that begins with https://.")],
    )
    starts_on = day_field(
        "From", required=False, help_text="Leave date and time empty to begin now."
    )
    starts_time = time_field("From, time", required=False)
    ends_on = day_field("Until")
    ends_time = time_field("Until, time")

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        zone: str,
        at: datetime,
        present: ContractNotice | None = None,
        typed: Mapping[str, str] | None = None,
    ) -> None:
        self._zone, self._at, self._present = ZoneInfo(zone), at, present
        known = {"key": uuid7()} if present is None else self._as_shown(present)
        super().__init__(data, initial={**known, **(typed or {})})
        self.fields["ends_time"].help_text = f"Times are those of {zone.replace('_', ' ')}."

    def _as_shown(self, notice: ContractNotice) -> dict[str, Any]:
        starts, ends = (one.astimezone(self._zone) for one in (notice.from_at, notice.until_at))
        return {
            "text": notice.text,
            "level": notice.level,
            "link_label": notice.link_label,
            "link_url": notice.link_url,
            "starts_on": starts.date(),
            "starts_time": starts.time().replace(second=0, microsecond=0),
            "ends_on": ends.date(),
            "ends_time": ends.time().replace(second=0, microsecond=0),
        }

    def clean(self) -> dict[str, Any]:
        """Put dates and times together; a link has words and an address or is not there."""
        cleaned = dict(super().clean() or {})
        for one, other in (("starts_on", "starts_time"), ("link_label", "link_url")):
            self._ask_for_both(cleaned, one, other)
        if not self.errors:
            cleaned["from_at"], cleaned["until_at"] = self._from(cleaned), self._until(cleaned)
            self._check_order(cleaned["from_at"], cleaned["until_at"])
        return cleaned

    def _ask_for_both(self, cleaned: Mapping[str, Any], one: str, other: str) -> None:
        for wanted, given in ((one, other), (other, one)):
            is_alone = cleaned.get(given) not in (None, "") and cleaned.get(wanted) in (None, "")
            if is_alone and wanted not in self.errors:
                self.add_error(wanted, missing(str(self.fields[wanted].label)))

    def _from(self, cleaned: Mapping[str, Any]) -> datetime:
        if cleaned["starts_on"] is None:
            return self._at
        return self._moment(cleaned, "starts", self._present.from_at if self._present else None)

    def _until(self, cleaned: Mapping[str, Any]) -> datetime:
        return self._moment(cleaned, "ends", self._present.until_at if self._present else None)

    def _moment(self, cleaned: Mapping[str, Any], end: str, present: datetime | None) -> datetime:
        on, clock_time = cleaned[f"{end}_on"], cleaned[f"{end}_time"]
        moment = datetime.combine(on, clock_time, tzinfo=self._zone)
        # A field shows minutes: what nobody touched keeps its seconds.
        if present and present.astimezone(self._zone).replace(second=0, microsecond=0) == moment:
            return present
        return moment

    def _check_order(self, from_at: datetime, until_at: datetime) -> None:
        kept = self._present is not None and from_at == self._present.from_at
        if from_at < self._at and not kept:
            self.add_error("starts_on", _TOO_EARLY)
        if until_at <= self._at:
            self.add_error("ends_on", _TOO_EARLY)
        elif until_at <= from_at:
            self.add_error("ends_on", "Choose a time that is later than the beginning.")

    def banner(self) -> Banner:
        """Return the notice as it is to be shown."""
        known = self.cleaned_data
        return Banner(
            text=known["text"],
            from_at=known["from_at"],
            until_at=known["until_at"],
            level=known["level"],
            link_label=known["link_label"],
            link_url=known["link_url"],
        )

    def form_key(self) -> UUID:
        """Return the name of this form; one that comes without gets a new one."""
        return self.cleaned_data["key"] or uuid7()
