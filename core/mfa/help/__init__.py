"""Having trouble logging in: what may be asked and what is mailed."""
