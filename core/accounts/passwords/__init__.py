"""Passwords: their rules, how they are hashed, and hashes that came from elsewhere."""
