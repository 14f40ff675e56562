"""What the console keeps beside the revisions: drafts, and what waits to be published."""

from contracts.console.models.drafts import Draft
from contracts.console.models.publications import PlannedPublication

__all__ = ["Draft", "PlannedPublication"]
