"""Browsers that are remembered (Remember Me)."""
