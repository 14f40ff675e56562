"""Rows and querysets of a contract carry it and raise in another one, or in none."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from django import forms

from contracts.roster.models import IssuedCode, RosterEntry
from core.common.clock import now
from tenants.context import ActiveContract, contract_context
from tenants.errors import NoContractError, OtherContractError
from tenants.models import Contract
from tests.integration.tenants.helpers import make_entry

pytestmark = pytest.mark.django_db

A = ActiveContract
USES: dict[str, Callable[[Any], Any]] = {
    "iterate": list,
    "first": lambda rows: rows.first(),
    "get": lambda rows: rows.get(unit_key="SCOPE1"),
    "count": lambda rows: rows.count(),
    "exists": lambda rows: rows.exists(),
    "aggregate": lambda rows: rows.in_bulk(),
    "iterator": lambda rows: list(rows.iterator()),
    "update": lambda rows: rows.filter(unit_key="SCOPE1").update(name="Stranger"),
    "delete": lambda rows: rows.filter(unit_key="SCOPE1").delete(),
    "values": lambda rows: list(rows.values("id")),
    "filter": lambda rows: list(rows.filter(name="x")),
    "explain": lambda rows: rows.explain(),
    "union": lambda rows: list(rows.union(rows)),
    "subquery": lambda rows: list(Contract.objects.filter(id__in=rows.values("id"))),
}


@pytest.mark.parametrize("use", USES.values(), ids=list(USES))
def test_a_queryset_of_one_contract_raises_in_another_and_in_none(
    contract_a: A, contract_b: A, use: Callable[[Any], Any]
) -> None:
    with contract_context(contract_a):
        make_entry("SCOPE1")
        rows = RosterEntry.objects.all()
    with contract_context(contract_b):
        make_entry("SCOPE1", "The other's")
        with pytest.raises(OtherContractError):
            use(rows)
        assert RosterEntry.objects.get(unit_key="SCOPE1").name == "The other's"
    with pytest.raises(NoContractError):
        use(rows)
    with contract_context(contract_a):
        assert RosterEntry.objects.get(unit_key="SCOPE1").name == "Sample Clinic"


@pytest.mark.parametrize("name", sorted(USES.keys() - {"delete"}))
def test_a_queryset_works_in_its_own_contract(contract_a: A, name: str) -> None:
    # Roster entries are kept: the application has no right to delete one.
    with contract_context(contract_a):
        make_entry("SCOPE1")
        USES[name](RosterEntry.objects.all())


def test_rows_already_fetched_are_not_handed_out_elsewhere(contract_a: A, contract_b: A) -> None:
    with contract_context(contract_a):
        rows = RosterEntry.objects.all()
        assert len(rows) > 0
    with contract_context(contract_b), pytest.raises(OtherContractError):
        list(rows)


def test_an_iterator_stops_when_the_contract_changes_under_it(contract_a: A, contract_b: A) -> None:
    with contract_context(contract_a):
        rows = RosterEntry.objects.iterator()
        next(rows)
    with contract_context(contract_b), pytest.raises(OtherContractError):
        next(rows)


def test_a_queryset_made_in_no_contract_takes_the_first_one_that_narrows_it(
    contract_a: A, contract_b: A
) -> None:
    class Choice(forms.Form):
        entry = forms.ModelChoiceField(queryset=RosterEntry.objects.all())

    unbound = RosterEntry.objects.all()
    with pytest.raises(NoContractError):
        unbound.count()
    for contract in (contract_a, contract_b):
        with contract_context(contract):
            entry = make_entry("SCOPE2", contract.slug)
            form = Choice({"entry": str(entry.pk)})
            assert form.is_valid()
            assert form.cleaned_data["entry"].name == contract.slug


def test_an_object_loaded_in_one_contract_cannot_be_saved_in_another(
    contract_a: A, contract_b: A
) -> None:
    with contract_context(contract_a):
        entry = make_entry("SCOPE3")
        loaded = RosterEntry.objects.get(pk=entry.pk)
    for row in (entry, loaded, copy.copy(loaded), pickle.loads(pickle.dumps(loaded))):
        with contract_context(contract_b):
            for act in (row.save, row.delete, row.refresh_from_db):
                with pytest.raises(OtherContractError):
                    act()
            with pytest.raises(OtherContractError):
                RosterEntry.objects.bulk_create([row])
            with pytest.raises(OtherContractError):
                RosterEntry.objects.bulk_update([row], ["name"])
            assert not RosterEntry.objects.filter(pk=entry.pk).exists()
        with pytest.raises(NoContractError):
            row.save()


def test_an_object_made_before_belongs_to_the_contract_of_its_first_save(
    contract_a: A, contract_b: A
) -> None:
    entry = RosterEntry(unit_key="SCOPE4", identifier="1", identifier_type="npi", name="Later")
    carried = entry.contract_schema
    assert carried is None
    with pytest.raises(NoContractError):
        entry.save()
    with contract_context(contract_b):
        entry.save()
    assert entry.contract_schema == contract_b.schema_name
    with contract_context(contract_a), pytest.raises(OtherContractError):
        entry.save()


def test_bulk_created_objects_belong_to_their_contract(contract_a: A, contract_b: A) -> None:
    with contract_context(contract_a):
        (made,) = RosterEntry.objects.bulk_create(
            [RosterEntry(unit_key="SCOPE5", identifier="1", identifier_type="npi", name="Bulk")]
        )
    with contract_context(contract_b), pytest.raises(OtherContractError):
        made.save()


def test_relations_do_not_lead_from_one_contract_into_another(contract_a: A, contract_b: A) -> None:
    moment = now()
    with contract_context(contract_a):
        entry = make_entry("SCOPE6")
        code = IssuedCode.objects.create(
            entry=entry,
            digest=b"x",
            key_version=1,
            created_at=moment,
            expires_at=moment.replace(year=moment.year + 1),
            max_uses=1,
        )
        code = IssuedCode.objects.get(pk=code.pk)
    with contract_context(contract_b):
        with pytest.raises(OtherContractError):
            list(entry.issued_codes.all())
        with pytest.raises(OtherContractError):
            _ = code.entry
    with contract_context(contract_a):
        assert code.entry == entry
        assert list(entry.issued_codes.all()) == [code]
        assert list(RosterEntry.objects.filter(pk=entry.pk).prefetch_related("issued_codes"))


def test_a_deferred_field_is_not_read_in_another_contract(contract_a: A, contract_b: A) -> None:
    with contract_context(contract_a):
        make_entry("SCOPE7")
        entry = RosterEntry.objects.only("id").get(unit_key="SCOPE7")
    with contract_context(contract_b), pytest.raises(OtherContractError):
        _ = entry.name
    with contract_context(contract_a):
        assert entry.name == "Sample Clinic"
