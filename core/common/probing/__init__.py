"""Ask a host whose name somebody else chose: never one inside, never for long, never for much."""
