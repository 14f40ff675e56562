"""Setup and Invite many in a group with 500 providers and 5,000 users."""

import statistics
import time
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.common import clock
from core.groups.models import Invitation, Provider
from core.groups.reach import Reach
from core.groups.services.batches import invite_next, start_batch, take_in
from tenants import registry
from tenants.context import ActiveContract
from tests.bench.large_group import make_large_group
from tests.integration.tenants.catalogues import run_as_owner
from tests.support.people import EVERYWHERE, sign_in_by_email
from tests.support.publishing import publish_change

# The owner's login, because only the owner of tables may count their rows for the planner.
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
ROUNDS = 15
MOST_STATEMENTS = 12
PAGE_MS = 150
CHECK_SECONDS, INVITE_SECONDS = 5, 60
ROWS = 5_000


def pages_of(provider: Provider) -> list[str]:
    """Return the pages of Setup, narrowed, turned and opened."""
    user = provider.memberships.order_by("id")[0].user
    return [
        "/setup/",
        "/setup/?page=12",
        "/setup/?q=clinic+40",
        f"/setup/providers/{provider.id}/",
        f"/setup/providers/{provider.id}/?part",
        "/setup/users/",
        "/setup/users/?page=120",
        "/setup/users/?q=last49",
        f"/setup/users/{user.id}/",
        f"/setup/users/{user.id}/?part",
        "/setup/access-review/",
        "/setup/access-review/?page=120",
        "/setup/access-review/?q=last49",
        "/setup/activity/",
        "/setup/activity/?kind=sign_ins",
        "/setup/activity/?q=last49",
        "/setup/third-parties/",
    ]


def test_pages(client: Client, contract_a: ActiveContract) -> None:
    publish_change(contract_a.slug, groups__access_review_days=90, groups__third_parties=True)
    admin = make_large_group(registry.get_contract(contract_a.slug))
    sign_in_by_email(client, admin)
    run_as_owner("ANALYZE")
    provider = Provider.objects.get(name="Clinic 250")
    print()
    for page in pages_of(provider):
        client.get(page)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(page).status_code == 200
        own = [one["sql"] for one in asked if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        assert len(own) <= MOST_STATEMENTS, page
        taken = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            client.get(page)
            taken.append(1000 * (time.perf_counter() - began))
        shown = page.replace(str(provider.id), "…")[:40]
        print(
            f"{shown:42} {len(own):3} statements (at most {MOST_STATEMENTS}), "
            f"median {statistics.median(taken):5.1f} ms (under {PAGE_MS})"
        )


@pytest.mark.usefixtures("announced")
def test_five_thousand_invitations(contract_a: ActiveContract) -> None:
    admin = make_large_group(contract_a)
    run_as_owner("ANALYZE")
    numbers = list(Provider.objects.order_by("id").values_list("identifier", flat=True))
    lines = ["provider,first_name,last_name,email,fax"]
    lines += [
        f"{numbers[n % len(numbers)]},Given{n},Family,new{n}@clinic.example,3045550133"
        for n in range(ROWS)
    ]
    file = BytesIO("\n".join(lines).encode())
    reach = Reach(admin, (contract_a,), left_out=0, entered=frozenset({contract_a.id}))
    began = time.perf_counter()
    batch = take_in(reach=reach, file=file, file_name="new.csv", host="", at=clock.now())
    checked = time.perf_counter() - began
    assert not batch.rows.exclude(problem="").exists()
    start_batch(batch_id=batch.id, entered=EVERYWHERE, at=clock.now())
    began = time.perf_counter()
    while invite_next(batch_id=batch.id, at=clock.now()):
        pass
    invited = time.perf_counter() - began
    assert Invitation.objects.count() == ROWS
    print(
        f"\n{ROWS} invitations: checked in {checked:.1f} s (under {CHECK_SECONDS}), "
        f"made in {invited:.1f} s (under {INVITE_SECONDS})"
    )
