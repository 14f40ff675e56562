"""Bringing current portal users in."""
