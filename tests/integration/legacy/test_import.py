"""What an import makes, and that the same file again makes nothing."""

from pathlib import Path
from typing import Any

import pytest

from contracts.console.figures.counting import count_people
from contracts.legacy.services.imports import import_users
from core.accounts.models import ContractAccess, ImportedAccount, User
from core.accounts.services.accounts import deactivate_account
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.models import Membership, Provider, ProviderGroup, ProviderStatus, Role
from core.mfa.models import Factor
from core.notifications.models import OutboxMessage
from tenants.context import ActiveContract
from tests.integration.first_login.walking import OLD_PASSWORD, Walk, mails_to, old_hash
from tests.integration.legacy.files import ONE, THREE, TWO, bring_in, lena, person, write
from tests.support.people import make_person, make_provider, session_account

pytestmark = pytest.mark.django_db


def counts() -> tuple[int, int, int, int, int]:
    return (
        User.objects.count(),
        ProviderGroup.objects.count(),
        Provider.objects.count(),
        Membership.objects.count(),
        ContractAccess.objects.count(),
    )


def roles(username: str) -> dict[str, str]:
    """Return the roles of a person by provider; a group's admin has those of all its providers."""
    found: dict[str, str] = {}
    for one in Membership.objects.filter(user__username=username, until=None):
        providers = [one.provider] if one.provider else list(one.group.providers.all())  # type: ignore[union-attr]
        found |= {provider.identifier: one.role for provider in providers}
    return found


def test_an_account_with_its_provider_role_and_access(
    tmp_path: Path, contract_a: ActiveContract
) -> None:
    report = bring_in(tmp_path, lena(), person("omar", role="staff"))
    assert (report.accounts, report.providers, report.groups, report.memberships) == (2, 1, 1, 2)
    user = User.objects.get(username="lena")
    assert (user.email, user.phone, user.has_usable_password()) == (
        "lena@clinic.example",
        "+13045550142",
        False,
    )
    provider = Provider.objects.get()
    assert (provider.identifier, provider.contract_id) == (ONE, contract_a.id)
    assert provider.name == "Amber Falls Meridian Family Services"
    assert roles("lena") == {ONE: Role.GROUP_ADMIN}
    assert roles("omar") == {ONE: Role.STAFF}
    access = ContractAccess.objects.filter(contract_id=contract_a.id)
    assert set(access.values_list("user__username", flat=True)) == {"lena", "omar"}
    assert not Factor.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_the_audit_names_the_file_by_its_digest_and_nobody(tmp_path: Path) -> None:
    bring_in(tmp_path, lena())
    event = AuditEvent.objects.get(event_type="accounts.imported")
    assert len(event.data["file"]) == 64
    assert (event.data["accounts"], event.data["providers"]) == (1, 1)
    everything = " ".join(str(event.data) for event in AuditEvent.objects.all())
    assert "lena" not in everything.lower()
    assert "clinic.example" not in everything


def test_the_same_file_again_changes_nothing_and_a_longer_one_adds(tmp_path: Path) -> None:
    rows = [lena(password_hash=old_hash()), person("omar", role="staff")]
    bring_in(tmp_path, *rows)
    before = counts()
    again = bring_in(tmp_path, *rows)
    assert (again.applied, again.changes) == (True, 0)
    assert counts() == before
    more = bring_in(
        tmp_path, *rows, person("omar", role="staff", identifier=TWO), lena(identifier=TWO)
    )
    assert (more.accounts, more.providers, more.groups, more.memberships) == (0, 1, 0, 1)


def test_it_is_still_the_same_person_after_they_registered_with_another_address(
    tmp_path: Path,
) -> None:
    rows = [lena(password_hash=old_hash())]
    bring_in(tmp_path, *rows)
    walk = Walk("/wv-bh")
    walk.log_in()
    walk.choose("email")
    walk.verify_email("lena.marsh@work.example")
    walk.set_password()
    assert User.objects.get(username="lena").email == "lena.marsh@work.example"
    again = bring_in(tmp_path, *rows)
    assert (again.refused, again.changes) == (False, 0)
    assert ImportedAccount.objects.get().encoded == ""


def accept_terms(walk: Walk) -> Any:
    page = walk.get("/login/terms/").content.decode()
    hidden = page.split('name="terms_digest" value="')[1].split('"')[0]
    return walk.post("/login/terms/", accepted="on", terms_digest=hidden, program="wv-bh")


def test_who_was_imported_registers_accepts_the_terms_and_is_home(tmp_path: Path) -> None:
    bring_in(tmp_path, lena(password_hash=old_hash()))
    walk = Walk("/wv-bh")
    assert walk.at(walk.log_in(password=OLD_PASSWORD)) == "/mfa/method/"
    assert walk.at(walk.register("lena@clinic.example", method="phone")) == "/login/terms/"
    assert walk.at(accept_terms(walk)) == "/home/"
    user = User.objects.get(username="lena")
    assert session_account(walk.client) == user.id
    assert "Amber Falls Meridian" in walk.get("/home/").content.decode()


def last_sign_ins(contract: ActiveContract) -> dict[str, int]:
    shares = count_people(contract.id, at=clock.now()).last_used
    return {share.label: share.number for share in shares if share.number}


def test_who_was_imported_has_never_signed_in_until_they_do(
    tmp_path: Path, contract_a: ActiveContract
) -> None:
    bring_in(tmp_path, lena(password_hash=old_hash()), person("omar", role="staff"))
    assert last_sign_ins(contract_a) == {"Never": 2}
    walk = Walk("/wv-bh")
    walk.log_in(password=OLD_PASSWORD)
    walk.register("lena@clinic.example", method="phone")
    accept_terms(walk)
    walk.get("/home/")
    assert last_sign_ins(contract_a) == {"Within 7 days": 1, "Never": 1}


def test_without_a_hash_the_link_comes_to_the_address_on_file(tmp_path: Path) -> None:
    bring_in(tmp_path, lena())
    Walk("/wv-bh").ask_for_link("Lena")
    assert mails_to("lena@clinic.example")[0].link


def test_a_registered_provider_is_joined_with_the_role(
    tmp_path: Path, contract_a: ActiveContract
) -> None:
    owner = make_person("owner")
    provider = make_provider(owner, contract_a, identifier=ONE)
    report = bring_in(
        tmp_path,
        person("omar", role="staff"),
        person("ines", role="provider_admin"),
        person("ruth", role="group_admin"),
    )
    assert (report.providers, report.groups, report.memberships) == (0, 0, 3)
    assert roles("omar") == {ONE: Role.STAFF}
    assert roles("ines") == {ONE: Role.PROVIDER_ADMIN}
    admin = Membership.objects.get(user__username="ruth")
    assert admin.group_id == provider.group_id


def test_an_account_of_ours_with_the_same_username_and_address_gets_the_role(
    tmp_path: Path,
) -> None:
    user = make_person("lena")
    report = bring_in(tmp_path, lena())
    assert (report.accounts, report.memberships) == (0, 1)
    user.refresh_from_db()
    assert user.has_usable_password()


def test_providers_with_a_common_administrator_form_one_group(tmp_path: Path) -> None:
    report = bring_in(
        tmp_path,
        lena(),
        lena(identifier=TWO),
        person("ruth", identifier=TWO),
        person("omar", role="staff"),
        person("omar", role="staff", identifier=THREE),
        person("ines", identifier=THREE),
    )
    assert (report.groups, report.providers) == (2, 3)
    assert roles("lena") == roles("ruth") == {ONE: Role.GROUP_ADMIN, TWO: Role.GROUP_ADMIN}
    assert roles("ines") == {THREE: Role.GROUP_ADMIN}
    # Working for two providers brings nobody together.
    assert roles("omar") == {ONE: Role.STAFF, THREE: Role.STAFF}
    assert report.widened == 1


def test_groups_of_one_name_are_one_and_it_is_its_name(tmp_path: Path) -> None:
    bring_in(
        tmp_path,
        lena(group_name="Two Clinics"),
        person("ruth", identifier=TWO, group_name="two clinics"),
    )
    group = ProviderGroup.objects.get()
    assert (group.name, group.providers.count()) == ("Two Clinics", 2)


def test_a_new_provider_joins_the_group_that_its_administrator_has(
    tmp_path: Path, contract_a: ActiveContract
) -> None:
    user = make_person("lena")
    provider = make_provider(user, contract_a, identifier=ONE)
    report = bring_in(tmp_path, lena(identifier=TWO))
    assert (report.groups, report.providers, report.memberships) == (0, 1, 0)
    assert set(provider.group.providers.values_list("identifier", flat=True)) == {ONE, TWO}


def test_what_was_taken_away_since_is_not_given_back(tmp_path: Path) -> None:
    rows = [lena(), person("omar", role="staff")]
    bring_in(tmp_path, *rows)
    Membership.objects.filter(user__username="omar").update(until=clock.now())
    again = bring_in(tmp_path, *rows)
    assert again.changes == 0
    assert roles("omar") == {}


def test_a_provider_that_somebody_else_has_registered_since_is_not_brought_back(
    tmp_path: Path, contract_a: ActiveContract
) -> None:
    rows = [lena(), person("omar", role="staff")]
    bring_in(tmp_path, *rows)
    Membership.objects.update(until=clock.now())
    Provider.objects.update(status=ProviderStatus.ENDED, ended_at=clock.now())
    make_provider(make_person("stranger"), contract_a, identifier=ONE)
    again = bring_in(tmp_path, *rows)
    assert (again.refused, again.changes) == (False, 0)
    assert roles("omar") == roles("lena") == {}
    # Who comes with the file for the first time joins the provider as it is registered now.
    assert bring_in(tmp_path, person("ines", role="staff")).memberships == 1


def test_closed_accounts_and_ended_providers_stay_as_they_are(tmp_path: Path) -> None:
    rows = [lena(), person("omar", role="staff"), lena(identifier=TWO)]
    bring_in(tmp_path, *rows)
    Provider.objects.filter(identifier=TWO).update(
        status=ProviderStatus.ENDED, ended_at=clock.now()
    )
    deactivate_account(
        user_id=User.objects.get(username="omar").id, reason="left", by=None, at=clock.now()
    )
    again = bring_in(tmp_path, *rows)
    assert (again.refused, again.changes, again.left) == (False, 0, 2)


def test_a_dry_run_says_the_same_and_keeps_nothing(tmp_path: Path) -> None:
    before = counts()
    report = bring_in(tmp_path, lena(), person("omar", role="staff"), dry_run=True)
    assert (report.accounts, report.providers, report.memberships) == (2, 1, 2)
    assert not report.applied
    assert counts() == before
    assert not AuditEvent.objects.filter(event_type__startswith="accounts.").exists()


def test_the_same_identifier_in_two_programs_is_two_providers(
    tmp_path: Path, contract_c: ActiveContract
) -> None:
    report = bring_in(
        tmp_path, lena(), lena(contract="ms-um", identifier="1001001886"), person("omar")
    )
    assert report.providers == 2
    assert roles("lena") == {ONE: Role.GROUP_ADMIN, "1001001886": Role.GROUP_ADMIN}
    # The other administrator of the group works in both programs by that.
    user = User.objects.get(username="omar")
    assert ContractAccess.objects.filter(user=user).count() == 2


def test_the_sample_users_are_taken_as_they_stand() -> None:
    from contracts.programs.sample_users import FILE, USERS

    report = import_users(path=FILE, by=None, at=clock.now())
    assert report.rejections == []
    assert report.accounts == len({user.username for user in USERS})
    assert import_users(path=FILE, by=None, at=clock.now()).changes == 0


def test_the_file_may_stand_anywhere_and_be_named_anything(tmp_path: Path) -> None:
    path = write(tmp_path, lena(), name="people from the old portal.txt")
    assert import_users(path=path, by=None, at=clock.now()).applied
