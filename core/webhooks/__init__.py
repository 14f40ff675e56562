"""Events told to other systems: webhooks, and streams to a SIEM, signed and through an outbox."""
