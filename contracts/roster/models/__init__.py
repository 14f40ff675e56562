"""A contract's list of providers and codes. All of it stands in the contract's own schema."""

from contracts.roster.models.entries import IssuedCode, RosterEntry, RosterImport
from contracts.roster.models.leaving import LeavingProvider
from contracts.roster.models.mailings import Mailing, MailingLetter, MailingPiece
from contracts.roster.models.uploads import (
    RosterChange,
    RosterRejection,
    RosterUpload,
    StagedCode,
    UploadPart,
)

__all__ = [
    "IssuedCode",
    "LeavingProvider",
    "Mailing",
    "MailingLetter",
    "MailingPiece",
    "RosterChange",
    "RosterEntry",
    "RosterImport",
    "RosterRejection",
    "RosterUpload",
    "StagedCode",
    "UploadPart",
]
