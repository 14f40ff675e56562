"""The complete data of one contract as a file, and back into a deployment that has none of it."""
