"""The forms that describe a person: which fields they need, and what they call them."""

from typing import Annotated, Literal

from pydantic import Field

from tenants.configuration.values import Line, OrNone, Section, Text

ProfileField = Literal["address_1", "address_2", "city", "state", "zip", "phone", "fax"]


class FormFields(Section):
    """Which of the optional fields of a form are required, and what they are called."""

    required: tuple[ProfileField, ...] = ("fax",)
    """The fields that have to be filled in. The others can stay empty."""
    labels: dict[ProfileField, Line] = Field(default_factory=dict)
    """What fields are called here. Empty: what they are called everywhere."""
    fax_note: Annotated[Text | None, OrNone] = (
        "Letters about decisions go to this fax number when the program sends them by fax, "
        "so give one that your office reads."
    )
    """What is said below the fax number. Empty: nothing."""


class ProfileSection(Section):
    """The two forms that describe a person: at registration, and when an admin adds a user."""

    registration: FormFields = FormFields()
    """What somebody who registers tells of themselves."""
    added_user: FormFields = FormFields(required=())
    """What an admin tells of somebody whom they add."""
