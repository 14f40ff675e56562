"""One module for each thing that the API knows: what goes in and out, and its calls."""
