"""What the templates of registration need."""
