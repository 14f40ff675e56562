"""The ways to prove a factor. Each registers itself; the page that asks knows none of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.models import User
from core.mfa.proving.proofs import Proof, ProofHolder, ProofUrls
from core.mfa.selectors import kinds_of

Context = dict[str, object]


class Prover(Protocol):
    """One way to prove a factor.

    `label` names it on a button (*Use your authenticator app*); `template` extends the layout of
    the page and includes `mfa/proof_end.html` at its end. `handle` deals with a POST, and answers
    with a page or with what follows; None shows the page as it stands.
    """

    label: str
    template: str

    def is_available(self, user: User, kinds: frozenset[str]) -> bool:
        """Tell whether an account can use it; `kinds` are the factors that it has."""

    def context(self, page: "ProofPage") -> Context:
        """Return what the template needs."""

    def handle(self, page: "ProofPage") -> HttpResponse | None:
        """Deal with a POST of the page."""


@dataclass(frozen=True)
class ProofPage:
    """The page in hand: the request, the proof that it asks for, who needs it, and the way."""

    request: HttpRequest
    proof: Proof
    holder: ProofHolder
    urls: ProofUrls
    prover: Prover

    @property
    def action(self) -> str:
        """Return the button that was pressed, or nothing."""
        return self.request.POST.get("action", "")

    def show(self, extra: Context | None = None, *, status: int = 200) -> HttpResponse:
        """Render the way's own template, with `extra` over its context."""
        shared: Context = {
            "proof": self.proof,
            "others": [
                (option, find_prover(option).label)
                for option in self.proof.options
                if option != self.proof.option
            ],
            "fallbacks": [(option, find_prover(option).label) for option in self.proof.fallbacks],
        }
        context = shared | self.prover.context(self) | (extra or {})
        return render(self.request, self.prover.template, context, status=status)

    def again(self) -> HttpResponse:
        """Lead back to the page, so that reloading it repeats nothing."""
        return HttpResponseRedirect(reverse(self.urls.page))

    def keep(self, *, challenge: UUID | None = None, verified: bool | None = None) -> None:
        """Have the holder write down how far the proof has come."""
        self.holder.keep(self.request, challenge=challenge, verified=verified)

    def verified(self) -> HttpResponse:
        """Write down that the code was right, and show what comes next in the same answer.

        Reloaded, it leads to the same page: a code is good once (docs/adr/0020).
        """
        self.keep(verified=True)
        return replace(self, proof=replace(self.proof, verified=True)).show()

    def locked(self) -> HttpResponse:
        """End it because the account is locked."""
        return self.holder.locked(self.request)

    def proven(self, method: str) -> HttpResponse:
        """Go on with what the proof was for."""
        return self.holder.proven(self.request, self.proof, method)


_provers: dict[str, Prover] = {}


def register_prover(option: str, prover: Prover) -> None:
    """Make a way to prove a factor known. The order of registering is the order of offering.

    Called in `ready()` of the app that owns it.
    """
    _provers[option] = prover


def find_prover(option: str) -> Prover:
    """Return the way that an option names. Raises KeyError."""
    return _provers[option]


def available_options(
    user: User, *, kinds: frozenset[str] | None = None, without: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return the ways in which an account can prove a factor, in the order of offering.

    `kinds` are the account's factors where they are known already; else they are read.
    """
    kinds = kinds_of(user.id) if kinds is None else kinds
    left_out = set(without)
    return tuple(
        option
        for option, prover in _provers.items()
        if option not in left_out and prover.is_available(user, kinds)
    )
