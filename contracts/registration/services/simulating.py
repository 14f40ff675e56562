"""Try what a registrant would type, and see step by step what the rule says. Nothing is begun."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from contracts.registration.rules import InputProblem, ProofFacts, Reason, check_input
from contracts.registration.selectors import find_live_registration, is_open
from contracts.registration.services.findings import Claim, Finding, hold_claim_in
from contracts.roster.models import RosterEntry
from core.accounts.services.attempts import Limit, count_attempt
from core.audit.recording import record
from core.common.errors import DomainError
from core.groups.selectors import unit_is_registered
from tenants.context import ActiveContract, contract_context

PER_HOUR: Final = 30
"""Own figure: tries of one member of staff in one contract. A call takes two or three; an issued
code has 2^40 values, and guessing one entry's that way would take longer than the deployment."""
_WINDOW: Final = timedelta(hours=1)


class TooManyTriesError(DomainError):
    """A member of staff has tried as often as an hour allows."""

    code = "simulation_throttled"
    message = f"You have tried {PER_HOUR} times within an hour. Go on later."


@dataclass(frozen=True)
class Simulated:
    """One roster entry that was looked at: what the rule says, and what else stands in the way."""

    finding: Finding
    name: str
    is_registered: bool
    is_reserved: bool
    """Somebody has begun to register it and has not finished."""

    @property
    def goes_on(self) -> bool:
        """Whether a registrant would be shown this provider."""
        return self.finding.decision.accepted and not self.is_registered


@dataclass(frozen=True)
class Simulation:
    """What a registrant who typed this would meet."""

    problems: Sequence[InputProblem]
    """What is said at the fields; the rule is not asked before they are mended."""
    found: Sequence[Simulated] = ()
    is_open: bool = True

    @property
    def goes_on(self) -> bool:
        """Whether the journey would go on to the provider's name."""
        return self.is_open and any(one.goes_on for one in self.found)


def simulate_registration(
    *, contract: ActiveContract, identifier: str, code: str | ProofFacts, by: UUID, at: datetime
) -> Simulation:
    """Hold what was typed against a contract's document and roster, as a registration would.

    Called for staff who may see registrations. `contract` carries the published document, or the
    one of a draft or revision that is tried. Nothing is begun, reserved or counted against those
    who register. Records `registration.simulated` with the entry and the outcome; never what was
    typed, which may be a secret in either field. Raises TooManyTriesError: who may ask all day
    could find a code by asking.
    """
    limit = Limit("simulate.staff", f"{contract.id}:{by}", PER_HOUR, _WINDOW)
    if not count_attempt(limits=[limit], at=at).allowed:
        raise TooManyTriesError
    simulation = _simulate(contract, Claim(identifier, code), at)
    _record(contract, simulation, by=by, at=at)
    return simulation


def _simulate(contract: ActiveContract, claim: Claim, at: datetime) -> Simulation:
    problems = check_input(contract.document.registration, claim.identifier, claim.code)
    if problems:
        return Simulation(problems)
    found = hold_claim_in(contract=contract, claim=claim, at=at)
    with contract_context(contract):
        named = RosterEntry.objects.filter(id__in=[one.entry.id for one in found])
        names = dict(named.values_list("id", "name"))
    return Simulation(
        problems=(),
        found=[_simulated(finding, names[finding.entry.id], at) for finding in found],
        is_open=is_open(contract.document, at),
    )


def _simulated(finding: Finding, name: str, at: datetime) -> Simulated:
    contract_id, unit_key = finding.contract.id, finding.unit_key
    pending = find_live_registration(contract_id=contract_id, unit_key=unit_key, at=at)
    return Simulated(
        finding,
        name,
        is_registered=unit_is_registered(contract_id=contract_id, unit_key=unit_key),
        is_reserved=pending is not None,
    )


@transaction.atomic
def _record(contract: ActiveContract, made: Simulation, *, by: UUID, at: datetime) -> None:
    nearest = made.found[0] if made.found else None
    reason = nearest.finding.decision.reason if nearest else Reason.NO_ENTRY
    record(
        "registration.simulated",
        contract_id=contract.id,
        actor_id=by,
        subject=("roster_entry", nearest.finding.entry.id) if nearest else None,
        result="accepted" if made.goes_on else "refused",
        data={
            "revision": contract.revision,
            "reason": "not_asked" if made.problems else str(reason),
            "entries": len(made.found),
        },
        at=at,
    )
