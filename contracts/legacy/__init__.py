"""People of an earlier portal: brought in from a file, with the providers that they work for."""
