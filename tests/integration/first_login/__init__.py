"""Accounts of an earlier portal, links by mail, and registrations that were reset."""
