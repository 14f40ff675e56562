"""What the console keeps beside the revisions: drafts of documents."""

from contracts.console.models.drafts import Draft

__all__ = ["Draft"]
