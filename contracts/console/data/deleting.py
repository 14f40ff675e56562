"""Delete the data of a contract for good. What stays: its row, its revisions, its audit trail."""

from typing import Any, Final
from uuid import UUID

from django.db import connections, transaction
from django.db.models import QuerySet
from psycopg import sql

from contracts.console.services.logos import delete_unnamed, logos_of
from core.accounts.models import ContractAccess, User
from core.accounts.services.anonymising import anonymise_accounts
from core.groups.models import Membership, Provider, ProviderGroup
from core.staff.models import StaffMember
from tenants.context import contract_context
from tenants.migrating import OWNER
from tenants.models import Contract, ContractChange, ContractRevision, LogoImage

_STAYS: Final = (ContractRevision, ContractChange)


def delete_data(*, contract_id: UUID) -> int:
    """Delete a contract's schema, its rows in shared tables, and what is known of its people alone.

    Called by the worker when an approved deletion is due, with the contract's row held. Works over
    the owner's login in one transaction: all of it is gone, or nothing. Doing it again finds
    nothing. People who work elsewhere, or for the deployment, keep their accounts; of the others
    an anonymous row remains, which the audit trail names. Returns how many these were.
    """
    contract = Contract.objects.get(pk=contract_id)
    with contract_context(None), transaction.atomic(using=OWNER):
        people = list(_people_of(contract_id))
        logos = list(_rows(LogoImage).select_for_update().filter(digest__in=_logos(contract_id)))
        delete_unnamed(digests=[one.pk for one in logos], using=OWNER, but_of=contract_id)
        groups = list(_rows(Provider).filter(contract=contract_id).values_list("group", flat=True))
        for relation in _naming(Contract):
            if relation.related_model not in _STAYS:
                _delete(_rows(relation.related_model).filter(**{relation.field.name: contract_id}))
        # Other groups without a provider are the history of other contracts.
        emptied = _rows(ProviderGroup).filter(pk__in=groups, providers=None, office=None)
        _delete(emptied)
        alone = [one for one in people if _works_nowhere(one)]
        for relation in _naming(User):
            _delete(_rows(relation.related_model).filter(**{f"{relation.field.name}__in": alone}))
        anonymise_accounts(user_ids=alone, using=OWNER)
        with connections[OWNER].cursor() as cursor:
            name = sql.Identifier(contract.schema_name)
            cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
    return len(alone)


def _logos(contract_id: UUID) -> list[str]:
    return list(logos_of(contract_id, using=OWNER))


def _rows(model: Any) -> QuerySet[Any, Any]:
    found: QuerySet[Any, Any] = model.objects.using(OWNER)
    return found


def _naming(model: Any) -> list[Any]:
    """Return the relations by which rows of other tables name a table's, hidden ones as well.

    A table between two is among them by its own keys.
    """
    fields = model._meta.get_fields(include_hidden=True)
    return [one for one in fields if one.one_to_many or (one.one_to_one and not one.concrete)]


def _delete(rows: QuerySet[Any, Any], *, beneath: frozenset[Any] = frozenset()) -> None:
    """Delete rows with those that name them, and so on. `beneath` are the tables it came from.

    Foreign keys are looked at when the transaction ends, so that a circle of tables is no matter.
    """
    keys = list(rows.values_list("pk", flat=True))
    if not keys:
        return
    inner = beneath | {rows.model}
    for relation in _naming(rows.model):
        if relation.related_model not in inner:
            named = _rows(relation.related_model).filter(**{f"{relation.field.name}__in": keys})
            _delete(named, beneath=inner)
    # Not delete(): Django would look for the same rows once more, and refuse what is protected.
    _rows(rows.model).filter(pk__in=keys)._raw_delete(OWNER)  # noqa: SLF001


def _people_of(contract_id: UUID) -> QuerySet[Any, Any]:
    access = _rows(ContractAccess).filter(contract=contract_id)
    return _rows(User).filter(pk__in=access.values("user")).values_list("pk", flat=True)


def _works_nowhere(user_id: UUID) -> bool:
    """Tell whether nothing but the deleted contract ever held an account."""
    held_by = (Membership, ContractAccess, StaffMember)
    return not any(_rows(model).filter(user=user_id).exists() for model in held_by)
