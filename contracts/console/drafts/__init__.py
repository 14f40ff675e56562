"""Drafts of documents: what they hold, who reaches them, and what is wrong with them."""
