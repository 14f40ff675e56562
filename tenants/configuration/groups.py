"""How provider groups are run: reviews of access, third parties, recovery, added roles."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tenants.configuration.roles import GroupRole, check_distinct
from tenants.configuration.values import Section, Text, WholeNumber, YesNo


class GroupsSection(Section):
    """How provider groups are run."""

    access_review_days: Annotated[WholeNumber, Field(ge=30, le=730)] | None = None
    """Every so many days admins confirm who has access; none: they are not asked."""
    access_review_unconfirmed: Literal["keep", "suspend", "remove"] = "keep"
    """What becomes of a role that nobody confirmed: it stays as overdue, or two weeks after its day
    it gives nothing until an admin confirms it after all, or it ends."""
    roster_end_days: Annotated[WholeNumber, Field(ge=0, le=365)] = 30
    """How long users keep a provider whose roster entry has ended."""
    roster_drop_percent: Annotated[WholeNumber, Field(ge=1, le=100)] = 10
    """A roster file that drops more of the entries asks whoever imports it to type how many."""
    third_parties: YesNo = False
    """Whether a provider may give access to another organization, such as a billing office."""
    single_admin_reminder: YesNo = True
    """Whether a group with one admin is reminded to name a second."""
    recovery_evidence: Text = (
        "Say who you are for this office, since when its administrator cannot be reached and why, "
        "and how we can check it: a telephone number on file, or a letter on its letterhead."
    )
    """What somebody is told to write who asks to become admin in place of one who left."""
    recovery_wait_days: Annotated[WholeNumber, Field(ge=1, le=60)] = 5
    """How long such a request, once granted, waits for objections; own figure: a working week."""
    roles: tuple[GroupRole, ...] = Field(default=(), max_length=12)
    """Roles beside the three documented ones, such as one that reads and changes nothing."""

    @model_validator(mode="after")
    def _roles_are_distinct(self) -> Self:
        check_distinct(self.roles)
        return self

    @model_validator(mode="after")
    def _what_ends_is_reviewed(self) -> Self:
        kept = self.access_review_unconfirmed
        if kept != "keep" and self.access_review_days is None:
            raise ValueError(f'access_review_unconfirmed = "{kept}" needs access_review_days.')
        return self
