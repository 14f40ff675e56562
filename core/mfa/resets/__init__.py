"""Forgot Password: the states of a reset, its way through the pages and its mails."""
