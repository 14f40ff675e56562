"""The states of requests to join a provider, and to become its admin in place of one who left.

A request to join:

    open → approved | refused | withdrawn | expired | void

`open`: an admin of the provider may decide. `expired`: nobody did. `void`: there was nothing left
to decide, because the provider was given up, the account closed, or the person had a role by then.

A request to recover:

    asked → waiting → done
      ├── refused, withdrawn, void
      └─────┴── stopped

`waiting`: staff granted it, and the present admins can still object. It goes back to `asked` when
the group has grown into a contract for which nobody has granted it. `stopped`: a present admin
objected, or staff did.
"""

from typing import Final

from django.db import models


class JoinState(models.TextChoices):
    """What has become of a request to join."""

    OPEN = "open", "Waiting"
    APPROVED = "approved", "Approved"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Not answered"
    VOID = "void", "Ended"


class RecoveryState(models.TextChoices):
    """What has become of a request to recover a group."""

    ASKED = "asked", "With the program's staff"
    WAITING = "waiting", "Granted, waiting"
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"
    STOPPED = "stopped", "Stopped"
    WITHDRAWN = "withdrawn", "Withdrawn"
    VOID = "void", "Ended"


UNANSWERED_JOINS: Final = (JoinState.OPEN, JoinState.EXPIRED)
"""States of a request to join that no admin has answered: it can lead to one to recover."""
LIVE_RECOVERIES: Final = (RecoveryState.ASKED, RecoveryState.WAITING)
"""States in which something can still come of it."""
GRANTED_RECOVERIES: Final = (RecoveryState.WAITING, RecoveryState.DONE)
