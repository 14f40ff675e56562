"""Whom and what a publication touches, in numbers: of one contract, and nothing secret."""
