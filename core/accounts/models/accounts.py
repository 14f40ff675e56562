"""The account: one person, for all contracts they work with."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from core.common.models import UUIDModel
from core.common.without_case import same_text
from core.notifications.models import SuppressedAddress
from tenants.configuration.policy import MOST_LOCK_FAILURES


def mail_trouble(email: str) -> models.Subquery:
    """Return why an address gets no notices, as a part of a statement that knows it as `email`."""
    trouble = SuppressedAddress.objects.filter(
        address=Lower(models.OuterRef(email)), lifted_at__isnull=True
    )
    return models.Subquery(trouble.values("reason")[:1])


AccountFact = Callable[[str], models.Subquery]
_facts: dict[str, AccountFact] = {}


def register_account_fact(name: str, fact: AccountFact) -> None:
    """Add what another app's pages ask of each account, as an attribute of that name.

    `fact` gets how the statement knows the account's key, and returns a part of the statement.
    Called in `ready()` of the app that owns the rows.
    """
    _facts[name] = fact


def account_facts(account: str) -> dict[str, models.Subquery]:
    """Return the registered facts as parts of a statement that knows the account by a name."""
    return {name: fact(account) for name, fact in _facts.items()}


def account_fact_names() -> Iterable[str]:
    """Return under which names accounts have their facts."""
    return _facts.keys()


class UserManager(BaseUserManager["User"]):
    """Look-ups of accounts; compared without case."""

    def with_contracts(self) -> "models.QuerySet[User]":
        """Return accounts with what pages ask of each, read by the same statement.

        `contract_keys`: where it works. `mail_trouble`: why its address gets no notices ("bounce",
        "complaint"), None when all is well. And what other apps have registered.
        """
        access = ContractAccess.objects.filter(user=models.OuterRef("pk"), until__isnull=True)
        return self.annotate(
            contract_keys=ArraySubquery(access.values("contract_id")),
            mail_trouble=mail_trouble("email"),
            **account_facts("pk"),
        )

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the account with this e-mail address. Raises User.DoesNotExist."""
        return self.get(same_text("email", username or ""))


class Deactivation(models.TextChoices):
    """Why an account is closed: after disuse its owner may open it again, else not."""

    INACTIVITY = "inactivity", "Not used"
    DECISION = "decision", "Closed by somebody"


class User(UUIDModel, AbstractBaseUser):
    """A person's account. Deactivated and anonymised, never deleted.

    `security_epoch` moves with every change that must end sessions, links and remembered browsers;
    they keep the number they were made under. The lock's fields (`failed_at`: the moments of the
    latest failures) are written by `services.locks` alone, with the row held, so that counting and
    locking are one. `is_staff_member` is kept by the app that owns staff roles: the deployment's
    policy for staff holds, too. Who `signs_in_elsewhere` comes through an identity
    provider alone and never gets a password here.
    """

    username = models.CharField(max_length=60)
    email = models.EmailField(max_length=254)
    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80)
    phone = models.CharField(max_length=20, blank=True)
    fax = models.CharField(max_length=20, blank=True)
    address_1 = models.CharField(max_length=120, blank=True)
    address_2 = models.CharField(max_length=120, blank=True)
    city = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=2, blank=True)
    zip = models.CharField(max_length=10, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff_member = models.BooleanField(default=False)
    signs_in_elsewhere = models.BooleanField(default=False)
    security_epoch = models.PositiveIntegerField(default=1)
    failed_at = ArrayField(models.DateTimeField(), default=list, db_default=[])
    locked_at = models.DateTimeField(null=True)
    lock_until = models.DateTimeField(null=True)
    last_login = None  # Django's own, which it writes by a statement more
    last_used_at = models.DateTimeField(null=True)
    deactivated_at = models.DateTimeField(null=True)
    deactivation = models.CharField(max_length=20, choices=Deactivation, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()
    application_may = ("SELECT", "INSERT", "UPDATE")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("username"), name="user_username_once"),
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
            models.CheckConstraint(
                condition=models.Q(failed_at__len__lte=MOST_LOCK_FAILURES),
                name="user_failures_are_bounded",
            ),
            models.CheckConstraint(
                condition=models.Q(lock_until__isnull=True) | models.Q(locked_at__isnull=False),
                name="user_lock_has_a_beginning",
            ),
            models.CheckConstraint(
                condition=models.Q(is_active=True, deactivated_at__isnull=True, deactivation="")
                | models.Q(
                    is_active=False,
                    deactivated_at__isnull=False,
                    deactivation__in=Deactivation.values,
                ),
                name="user_deactivation_has_time_and_cause",
            ),
        ]

    def __str__(self) -> str:
        return self.username

    def get_full_name(self) -> str:
        """Return first and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def is_dormant(self) -> bool:
        """Tell whether the account is closed for no other reason than that nobody used it."""
        return not self.is_active and self.deactivation == Deactivation.INACTIVITY

    @property
    def is_its_owners(self) -> bool:
        """Tell whether its owner may use it, or open it again alone: nobody else has closed it."""
        return self.is_active or self.is_dormant

    def is_locked(self, at: datetime) -> bool:
        """Tell whether the lock holds at this moment; a lock without end holds until an unlock."""
        return self.locked_at is not None and (self.lock_until is None or at < self.lock_until)


class ContractAccess(UUIDModel):
    """That an account works in a contract; all that effective policy reads.

    Written by the apps that own memberships and staff roles, in the transaction of the membership.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="contract_access")
    contract = models.ForeignKey("tenants.Contract", on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "contract"],
                condition=models.Q(until__isnull=True),
                name="contract_access_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(until__isnull=True) | models.Q(until__gte=models.F("since")),
                name="contract_access_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.contract_id}"


class AddressFailures(UUIDModel):
    """How often sign-ins from one network address failed within the running hour.

    The address is kept as a keyed digest. A successful sign-in does not reset it: otherwise one
    account of one's own would buy guesses at everybody else's.
    """

    address_digest = models.BinaryField(max_length=32, unique=True)
    began_at = models.DateTimeField()
    failures = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.failures} since {self.began_at:%Y-%m-%d %H:%M}"
