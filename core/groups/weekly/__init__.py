"""The weekly mail of an admin: what waits in their providers, in numbers."""
