"""How long a plan takes over a million roster entries and a hundred thousand accounts.

The peer is the naive way: each entry is read and asked of the rule in Python, and of each account
its effective policy. `PLAN_ENTRIES` and `PLAN_ACCOUNTS` take other numbers.
"""

import os
import time
from collections.abc import Callable

import pytest
from django.db import connections

from contracts.console.effects.assessing import effects_of
from contracts.registration.rules import entry_pairs
from contracts.roster.models import RosterEntry
from contracts.roster.selectors import entry_facts
from core.accounts.models import User
from core.accounts.policies import policy_for
from core.common import clock
from tenants.context import ActiveContract, contract_context
from tests.unit.configuration.documents import changed

ENTRIES = int(os.environ.get("PLAN_ENTRIES", "1000000"))
ACCOUNTS = int(os.environ.get("PLAN_ACCOUNTS", "100000"))
LIMIT_SECONDS = 5.0
PART = 20
"""The naive way is timed over one part in so many, and reckoned up."""
_NUMBERED = """
INSERT INTO contracts_roster_rosterentry (id, unit_key, identifier, identifier_type, code, name,
  provider_type, address_1, address_2, city, state, zip, phone, fax, notice_email)
SELECT gen_random_uuid(), 'bench' || n, (1300000000 + n)::text, 'npi',
  CASE WHEN n %% 3 = 0 THEN '' ELSE lpad(n::text, 10, '0') END,
  'Clinic number ' || n, 'Clinic', '', '', 'Charleston', 'WV', '', '', '', ''
FROM generate_series(1, %s) AS n
"""
_ACCOUNTS = """
INSERT INTO core_accounts_user (id, password, username, email, first_name, last_name, phone, fax,
  address_1, address_2, city, state, zip, is_active, is_staff_member, signs_in_elsewhere,
  security_epoch, deactivation, created_at)
SELECT gen_random_uuid(), '!', 'bench' || n, 'bench' || n || '@clinic.example', 'A', 'B', '', '',
  '', '', '', '', '', true, false, false, 1, '', now() - (n %% 90) * interval '1 day'
FROM generate_series(1, %s) AS n
"""
_ACCESS = """
INSERT INTO core_accounts_contractaccess (id, user_id, contract_id, since)
SELECT gen_random_uuid(), u.id, c.id, now() FROM core_accounts_user AS u
JOIN tenants_contract AS c ON c.slug = 'wv-bh'
  OR (c.slug = 'ms-um' AND right(u.username, 1) IN ('1', '2', '3'))
WHERE u.username LIKE 'bench%%'
"""
_FACTORS = """
INSERT INTO core_mfa_factor (id, user_id, kind, phone, verified_at, created_at)
SELECT gen_random_uuid(), id, CASE WHEN right(username, 1) < '5' THEN 'email' ELSE 'totp' END, '',
  now(), now() FROM core_accounts_user WHERE username LIKE 'bench%%'
"""


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def naive(contract: ActiveContract) -> None:
    with contract_context(contract):
        for entry in RosterEntry.objects.filter(removed_at=None)[: ENTRIES // PART].iterator():
            entry_pairs(contract.document.registration, entry_facts(entry))
    for user in User.objects.with_contracts()[: ACCOUNTS // PART].iterator():
        policy_for(user)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_plan_over_a_million_entries(contract_a: ActiveContract) -> None:
    with contract_context(contract_a), connections["default"].cursor() as cursor:
        cursor.execute(_NUMBERED, [ENTRIES])
    with connections["default"].cursor() as cursor:
        cursor.execute(_ACCOUNTS, [ACCOUNTS])
        cursor.execute(_ACCESS)
        cursor.execute(_FACTORS)
    with connections["owner"].cursor() as cursor:  # as autovacuum does where rosters come in
        cursor.execute(f"ANALYZE {contract_a.schema_name}.contracts_roster_rosterentry")
        cursor.execute("ANALYZE core_accounts_user, core_accounts_contractaccess, core_mfa_factor")
    document = changed(
        contract_a.document,
        registration__without_code="refuse",
        registration__rule={"family": "program_id", "pattern": "0[0-9]{9}"},
        mfa__methods=["totp", "passkey"],
        accounts__inactivity_days=30,
        accounts__inactivity_warn_days=[20],
        waivers=[],
    )
    took = timed(lambda: effects_of(document, at=clock.now()))
    beside = timed(lambda: naive(contract_a)) * PART
    print(
        f"\nplan over {ENTRIES:,} entries and {ACCOUNTS:,} accounts: {took:.1f} s of "
        f"{LIMIT_SECONDS:.0f}; one by one about {beside:.0f} s"
    )
    said = effects_of(document, at=clock.now())
    assert said.people.accounts >= ACCOUNTS
    assert said.people.enrol_again > 0
    assert took < LIMIT_SECONDS
