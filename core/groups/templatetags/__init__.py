"""Template tags of the pages of provider groups."""
