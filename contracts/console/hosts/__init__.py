"""Whether the hosts of contracts lead here, and whether messages can go out in their names."""
