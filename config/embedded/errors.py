"""What can go wrong with the local servers."""


class EmbeddedServerError(RuntimeError):
    """A local server could not be made or started; the message says why, for a person."""
