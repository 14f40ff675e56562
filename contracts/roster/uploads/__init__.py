"""Roster files that staff send in the console: taken in by parts, checked, confirmed."""
