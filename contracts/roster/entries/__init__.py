"""Entries of a roster one by one: found, shown, changed."""
