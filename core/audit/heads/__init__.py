"""Signed heads: how long a chain was at a moment, kept where the database cannot reach."""
