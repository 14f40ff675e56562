"""Calls about what lies in a contract's own schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django.db import transaction

from contracts.api.door import ApiView
from core.notifications.tasks import tell_workers
from core.staff.contract_access import access_contract_key
from core.staff.permissions import StaffPermission
from tenants import registry
from tenants.context import ActiveContract, contract_context, require_contract


class InsideView(ApiView):
    """A call that works in the contract that its address names."""

    sees: ClassVar = StaffPermission.CONTRACTS_VIEW

    @contextmanager
    def inside(self, slug: str, right: StaffPermission) -> Iterator[ActiveContract]:
        """Work in a contract in which the caller holds a right.

        Raises Http404 out of scope, RecordedRefusal without the right there, and
        UnknownContractError, answered with 409, for a contract that is out of service.
        """
        access_contract_key(self.staff, slug, right)
        contract = registry.get_contract(slug)
        with contract_context(contract):
            yield contract


def tell_after(task: Any, key: object) -> None:
    """Tell workers of something of the contract in hand once it stands."""
    contract = require_contract()

    def tell() -> None:
        with contract_context(contract):
            tell_workers(task, str(key))

    transaction.on_commit(tell)
