"""Banners that staff publish at once, without a revision."""
