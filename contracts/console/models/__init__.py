"""What the console keeps beside the revisions: drafts, publications, exports, figures, checks."""

from contracts.console.models.data_exports import DataExport, DataExportPiece, ExportState
from contracts.console.models.drafts import Draft
from contracts.console.models.figures import DailyFigures
from contracts.console.models.going_live import GoLiveTick
from contracts.console.models.hosts import HostCheck, HostFinding, HostRole
from contracts.console.models.previews import PreviewLink
from contracts.console.models.publications import PlannedPublication

__all__ = [
    "DailyFigures",
    "DataExport",
    "DataExportPiece",
    "Draft",
    "ExportState",
    "GoLiveTick",
    "HostCheck",
    "HostFinding",
    "HostRole",
    "PlannedPublication",
    "PreviewLink",
]
