"""Activity: what happened in an admin's providers, read from the audit events."""
