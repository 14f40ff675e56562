"""The audit trail for staff: search it, and take what was found along."""
