"""Sessions of signed-in people: where they are kept, how long they last, why they end."""
