"""A real OpenID provider for tests: django-allauth's own, in a process of its own.

`control.json` in its folder says what it claims about people, and which fault it has just now.
"""
