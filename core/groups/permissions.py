"""What the pages and services of provider groups may ask for."""

from enum import StrEnum


class Permission(StrEnum):
    """One function of Setup each; a contract's document names them where it adds a role."""

    PROVIDER_VIEW = "provider.view"
    """Works for the provider: it stands on Home and under Change Context. Every role holds it."""
    USERS_VIEW = "users.view"
    """Sees Setup: the providers, who works there in which role, and who is invited."""
    USERS_EXPORT = "users.export"
    USERS_INVITE = "users.invite"
    """Add New User, Invite many, and what becomes of the invitations."""
    ROLES_MANAGE = "roles.manage"
    """Adds users of the group to providers, changes, moves and ends roles."""
    ACCOUNTS_MANAGE = "accounts.manage"
    """Contact information, Reset Registration, unlock, deactivate (design decision 15)."""
    REQUESTS_DECIDE = "requests.decide"
    ACCESS_REVIEW = "access.review"
    THIRD_PARTIES_MANAGE = "third_parties.manage"
    ACTIVITY_VIEW = "activity.view"
    PROVIDER_ADD = "provider.add"
    PROVIDER_MANAGE = "provider.manage"
    """Gives a provider up."""
