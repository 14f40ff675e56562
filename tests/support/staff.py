"""Staff for tests: accounts with a role, and their way in."""

from urllib.parse import urlsplit

from django.test import Client

from core.accounts.models import User
from core.notifications.models import LocalMessage
from core.staff.models import StaffRole
from core.staff.scope import StaffScope
from core.staff.services.members import grant_role
from tenants.context import ActiveContract
from tests.support.people import PASSWORD, START, deliver_all, last_code, make_person
from tests.support.sign_in import sign_in_directly

ALL_PROGRAMS = StaffScope(everywhere=True, contracts=frozenset())
_numbers = iter(range(1000, 10_000))


def make_staff(
    role: StaffRole, contract: ActiveContract | None = None, *, name: str = "olive"
) -> User:
    """Make an account with a phone of its own that holds a staff role."""
    user = make_person(name, phone=f"+1304555{next(_numbers)}")
    grant_role(
        user_id=user.id,
        role=role,
        contract_id=contract.id if contract else None,
        by=None,
        at=START,
    )
    user.refresh_from_db()
    return user


def sign_in_by_phone(client: Client, user: User) -> None:
    """Go through Login with Phone to the end, on the portal host."""
    client.post("/login/phone/", {"email": user.email, "password": PASSWORD})
    client.post("/login/verify/", {"action": "send", "channel": "sms"})
    factor = user.factors.get(kind="phone")
    client.post("/login/verify/", {"action": "verify", "code": last_code(factor.phone)})


def staff_client(role: StaffRole, contract: ActiveContract | None = None, **kwargs: str) -> Client:
    """Return a browser in which somebody with a role has just signed in, with elevated rights."""
    client = Client()
    sign_in_directly(client, make_staff(role, contract, **kwargs), option="phone")
    return client


def last_link(to: str) -> str:
    """Return the path of the link in the newest mail to an address."""
    deliver_all()
    message = LocalMessage.objects.filter(to=to).exclude(link="").latest("sent_at")
    return urlsplit(message.link).path
