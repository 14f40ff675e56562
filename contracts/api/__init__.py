"""The REST API of staff and service accounts: what the pages do, for systems (ADR 0048)."""
