"""Shared apps for people and access: one account, many contracts."""
