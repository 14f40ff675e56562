"""What a contract asks of a session before it shows itself (design decision 7).

Factor methods are never merged: entering a contract compares what the session proved with what that
contract accepts. What is missing is proven, or enrolled first, on a page that names the contract.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.accounts.models import User
from core.accounts.signing_in.allauth_wrapper import methods_used
from core.mfa.policies import accepts
from core.mfa.proving.methods import available_options
from tenants.configuration.policy import Method
from tenants.context import ActiveContract
from tenants.in_hand import contract_of, path_in

AS_ADMIN = "admin"
"""Says in an address that somebody is about to administer; it only ever asks for more."""
AdminCheck = Callable[[UUID, UUID], bool]
WORDS = {
    "phone": "a text or call to your phone",
    "email": "a code to your e-mail address",
    "totp": "an authenticator app",
    "passkey": "a passkey or security key",
}
_admin_checks: list[AdminCheck] = []


@dataclass(frozen=True)
class Ask:
    """A contract that is not satisfied yet: what it accepts, and which of it the account has.

    Without `options` the account has to enrol one of `methods` first.
    """

    contract: ActiveContract
    methods: tuple[Method, ...]
    options: tuple[str, ...]

    @property
    def words(self) -> str:
        """Return what it accepts, for a sentence."""
        return " or ".join(WORDS[method] for method in self.methods)


def register_admin_check(is_admin: AdminCheck) -> None:
    """Name what tells whether an account administers providers of a contract.

    Called in `ready()` of the app that owns the roles.
    """
    if is_admin not in _admin_checks:
        _admin_checks.append(is_admin)


def methods_asked(
    contract: ActiveContract, user_id: UUID, *, as_admin: bool = False
) -> tuple[Method, ...]:
    """Return the methods that a contract accepts of an account; of admins it may accept fewer.

    `as_admin` is for somebody who is about to become one.
    """
    section = contract.document.mfa
    if as_admin or not section.admin_methods:
        return section.accepted_of(admin=True)
    return section.accepted_of(
        admin=any(is_admin(user_id, contract.id) for is_admin in _admin_checks)
    )


def find_ask(
    contract: ActiveContract, user: User, used: Sequence[str], *, as_admin: bool = False
) -> Ask | None:
    """Return what a contract asks of a session that proved `used`, None when it is satisfied."""
    methods = methods_asked(contract, user.id, as_admin=as_admin)
    if accepts(methods, used):
        return None
    return Ask(contract, methods, options_accepted(user, methods))


def is_satisfied(contract: ActiveContract, user: User, used: Sequence[str]) -> bool:
    """Tell whether a session that proved `used` has entered a contract."""
    return accepts(methods_asked(contract, user.id), used)


def options_accepted(user: User, methods: Sequence[Method]) -> tuple[str, ...]:
    """Return the ways that an account has to prove one of these methods."""
    return tuple(one for one in available_options(user) if accepts(methods, [one]))


def satisfied(
    request: HttpRequest, contract: ActiveContract, *, as_admin: bool = False
) -> Ask | None:
    """Return what a contract asks of the session of a request, None when it is satisfied.

    For somebody signed in; `as_admin` as in `methods_asked`. No query while the contract is
    satisfied and asks no more of admins.
    """
    if not isinstance(request.user, User):
        return None
    used = methods_used(request, request.user)
    return find_ask(contract, request.user, used, as_admin=as_admin)


def step_up_path(
    request: HttpRequest, contract: ActiveContract, *, back_to: str, as_admin: bool = False
) -> str:
    """Return the path of the page that asks, on the host in hand; it leads to `back_to`."""
    query = {"next": back_to} | ({AS_ADMIN: "1"} if as_admin else {})
    return path_in(contract, request, "mfa:step_up") + "?" + urlencode(query)


def bar_entry(request: HttpRequest) -> HttpResponse | None:
    """Lead to the page that asks when the contract in hand is not satisfied; None lets pass.

    The check of `core.accounts.access.signed_in`: every page of a contract for signed-in people.
    """
    contract = contract_of(request)
    if contract is None or satisfied(request, contract) is None:
        return None
    is_page = request.method in {"GET", "HEAD"}
    back_to = request.get_full_path() if is_page else reverse("home")
    return HttpResponseRedirect(step_up_path(request, contract, back_to=back_to))
