"""How a contract is doing, in numbers that name nobody."""
