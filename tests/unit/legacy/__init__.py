"""Files of current portal users, row by row."""
