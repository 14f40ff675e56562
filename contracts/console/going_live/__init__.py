"""What has to be in place before a program goes live, line by line."""
