"""Proving that one holds a factor: at sign-in, once more, or where a contract asks for more."""
