"""The stronger factors: authenticator apps, passkeys and recovery codes."""
