"""Codes, letters and reminders for many entries: asked for once, made by a worker, taken once."""
