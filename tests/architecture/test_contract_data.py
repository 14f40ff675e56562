"""That nobody forgets a table when a contract's data is taken along."""

import pytest
from django.apps import apps

from contracts.console.data.parts import LEFT_OUT, SHARED, all_parts, own_parts

OURS = ("tenants", "core_", "contracts_")


def test_every_table_comes_along_or_says_why_not() -> None:
    """Add a new model to `SHARED` or `LEFT_OUT` in contracts/console/data/parts.py.

    Tables of a contract's own schema come along by themselves.
    """
    tables = {
        model._meta.label_lower
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label.startswith(OURS)
    }
    taken = {part.label for part in (*SHARED, *own_parts())}
    assert tables - taken - LEFT_OUT.keys() == set(), "see this test's docstring"
    assert (taken | LEFT_OUT.keys()) - tables == set()
    assert taken & LEFT_OUT.keys() == set()


def test_rows_come_before_those_that_name_them() -> None:
    order = [part.model for part in all_parts()]
    assert len(order) == len(set(order))
    for place, model in enumerate(order):
        for field in model._meta.concrete_fields:
            if field.is_relation and field.related_model in order:
                assert order.index(field.related_model) <= place, (model, field.name)


@pytest.mark.parametrize("secret", ["password", "security_epoch", "is_staff_member", "failed_at"])
def test_nothing_that_a_sign_in_is_proven_by_comes_along(secret: str) -> None:
    (people,) = [part for part in SHARED if part.label == "core_accounts.user"]
    assert secret not in people.columns()
