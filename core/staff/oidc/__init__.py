"""Staff sign-in by OpenID Connect: the client is django-allauth's, the rules are ours."""
