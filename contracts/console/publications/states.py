"""The states of a publication that waits.

    asked → waiting → at_work → published
      │        │          └───── refused
      ├────────┴── withdrawn
      └── declined, expired

`asked`: somebody else has to approve it. `waiting`: for its time, or for the next free worker.
`at_work`: a worker has it, or had it and was lost; it is taken up again. `refused`: at its time a
gate was closed, somebody else had published, or who stood for it had lost the right.
"""

from typing import Final

from django.db import models


class PublicationState(models.TextChoices):
    """What has become of a publication."""

    ASKED = "asked", "Waits for approval"
    WAITING = "waiting", "Waits for its time"
    AT_WORK = "at_work", "Being published"
    PUBLISHED = "published", "Published"
    REFUSED = "refused", "Not published"
    WITHDRAWN = "withdrawn", "Withdrawn"
    DECLINED = "declined", "Declined"
    EXPIRED = "expired", "Nobody decided in time"


OPEN: Final = (PublicationState.ASKED, PublicationState.WAITING, PublicationState.AT_WORK)
"""States in which something can still come of it."""
TO_WITHDRAW: Final = (PublicationState.ASKED, PublicationState.WAITING)
"""States in which nobody has begun to publish."""
