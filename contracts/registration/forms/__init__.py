"""The forms of registration, one module a page."""
