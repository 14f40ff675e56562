"""Accounts that nobody uses: when they are warned about and closed."""
