"""Pages and mails of a document that is not published: the portal's own, on invented data."""
