"""The pages of webhooks and SIEM streams."""
