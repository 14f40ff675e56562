"""Signing in: allauth's adapter, backend and login stages, wrapped."""
