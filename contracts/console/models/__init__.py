"""What the console keeps beside the revisions: drafts, publications, figures, checks of hosts."""

from contracts.console.models.drafts import Draft
from contracts.console.models.figures import DailyFigures
from contracts.console.models.going_live import GoLiveTick
from contracts.console.models.hosts import HostCheck, HostFinding, HostRole
from contracts.console.models.previews import PreviewLink
from contracts.console.models.publications import PlannedPublication

__all__ = [
    "DailyFigures",
    "Draft",
    "GoLiveTick",
    "HostCheck",
    "HostFinding",
    "HostRole",
    "PlannedPublication",
    "PreviewLink",
]
