"""The states of a request to join a provider, and the ways between them.

    open → approved | refused | withdrawn | expired | void

`open`: an admin of the provider may decide. `expired`: nobody did. `void`: there was nothing left
to decide, because the provider was given up, the account closed, or the person had a role by then.
"""

from django.db import models


class JoinState(models.TextChoices):
    """What has become of a request to join."""

    OPEN = "open", "Waiting"
    APPROVED = "approved", "Approved"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Not answered"
    VOID = "void", "Ended"
