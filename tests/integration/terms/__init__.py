"""Terms of use at a sign-in."""
