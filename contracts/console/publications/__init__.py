"""Publications that wait: for a second person, for their time, or for a worker."""
