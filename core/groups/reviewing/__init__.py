"""Access review: which roles are to be confirmed, and when."""
