"""The REST API of staff and service accounts: what the pages do, for programs (ADR 0048)."""
