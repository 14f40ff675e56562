"""Closed gates as somebody of staff may read them."""

from collections.abc import Iterable
from dataclasses import replace

from core.staff.contract_access import find_key
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor
from tenants.configuration.gates import GateFailure
from tenants.configuration.publishing import Plan


def failures_for(staff: StaffActor, failures: Iterable[GateFailure]) -> tuple[GateFailure, ...]:
    """Return closed gates with the names of other contracts, as far as somebody may see these.

    That a host is taken is told to everybody who plans; whose it is only within their scope.
    """
    scope = staff.scope(StaffPermission.CONTRACTS_VIEW)
    return tuple(
        one.named() if one.owner and scope.covers(find_key(one.owner)) else one for one in failures
    )


def plan_for(staff: StaffActor, plan: Plan) -> Plan:
    """Return a plan whose closed gates read as `failures_for` says."""
    return replace(plan, failures=failures_for(staff, plan.failures))
