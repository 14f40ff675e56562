"""Append-only audit events: `core.audit.recording.record` writes one."""
