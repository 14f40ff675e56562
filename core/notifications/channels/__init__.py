"""Channels: what a message leaves by. `settings.PORTAL_CHANNELS` names one class for each way."""
