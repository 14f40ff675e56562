"""Channels: what a message leaves by. `config/channels.py` names one for each provider."""
