"""What a contract's configuration says: documents, gates, differences, merge, publishing."""
