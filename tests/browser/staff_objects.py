"""One of each thing that waits for staff, made beside the running portal.

    python -m tests.browser.staff_objects       prints the addresses of their pages, as JSON

Everything is made by the services that the pages call, by a colleague of who looks at it.
"""

import io
import json
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import django

if __name__ == "__main__":
    django.setup()

from django.urls import reverse

from contracts.console.services.drafts import create_draft
from contracts.console.services.notices import publish_notice
from contracts.console.services.publications import Wish, plan_publication
from contracts.disputes.facts import DisputeFacts
from contracts.disputes.services.disputes import open_dispute
from contracts.roster.entries.finding import EntryFilter, Standing, find_entries
from contracts.roster.mailings.states import MailingAct, MailingForm
from contracts.roster.models import RosterEntry, RosterUpload
from contracts.roster.services.mailing_work import work_on_mailing
from contracts.roster.services.mailings import (
    Asked,
    begin_mailing,
    newest_codes,
)
from contracts.roster.services.uploads import take_file
from contracts.roster.tasks import work_on_upload
from contracts.roster.uploads.states import UploadState
from core.accounts.models import User
from core.common import clock
from core.common.ids import uuid7
from core.groups.models import Provider, Role
from core.groups.services.memberships import grant_provider_role
from core.groups.services.recoveries import ask_recovery
from core.mfa.models import HelpKind
from core.mfa.services.help_requests import HelpFacts, open_help_request
from core.notifications.models import OutboxMessage
from core.notifications.states import MessageStatus
from core.notifications.tasks import tell_workers
from core.staff.models import StaffMember, StaffRole
from core.staff.permissions import StaffPermission
from core.staff.scope import find_staff
from core.staff.services.api_tokens import TokenWish, make_token
from core.staff.services.service_accounts import ServiceWish, make_service_account
from core.webhooks.models import WebhookDelivery
from core.webhooks.services.endpoints import EndpointFacts, make_endpoint, send_test
from core.webhooks.states import DeliveryState, EndpointKind
from tenants import registry
from tenants.banners import Banner
from tenants.configuration.document import ContractDocument
from tenants.configuration.publishing import publish_contract
from tenants.configuration.revisions import to_json
from tenants.configuration.starter import starter_contract
from tenants.context import ActiveContract, contract_context
from tenants.models import Contract, ProvisioningStepName
from tenants.provisioning_runs import begin_run, recorded_step
from tenants.states import ContractState
from tests.integration.registration.journeys import Journey
from tests.support.days import day_of
from tests.support.people import make_person, make_provider
from tests.support.processes import wait_for
from tests.support.staff import make_staff
from tests.unit.configuration.documents import changed

SLUG: Final = "acentra-sample"
"""Its codes are issued: there is more to do with its roster than with others'."""
CHANGING: Final = "changing-program"
ENDED: Final = "ended-program"
NOBODYS: Final = {"identifier": "1000002034", "code": "0020001533"}
"""The last row of a sample's roster, which no other journey registers."""
MADE_UP: Final = "1002"
"""How the identifiers of the made-up rows of `SLUG` begin."""
ADDRESS: Final = "192.0.2.7"
UNFINISHED: Final = "una.finished@clinic.example.org"
HELD: Final = "mia.held@clinic.example"


@dataclass(frozen=True)
class Maker:
    """Who makes it, where and when."""

    colleague: User
    contract: ActiveContract
    at: datetime

    def make_all(self) -> list[str]:
        """Make one of each; returns the paths of the pages."""
        Journey("wv-bh").start(**NOBODYS).inform(email=UNFINISHED, username="ufinished").submit()
        provider, entry = self._registered()
        return [
            *self._requests(provider),
            *self._configuration(),
            *self._operations(),
            *self._webhooks(),
            *self._roster(provider, entry),
            self._member(),
            *self._service(),
        ]

    def _webhooks(self) -> list[str]:
        facts = EndpointFacts("Eligibility", "https://hooks.agency.example/in", ["account.created"])
        endpoint = make_endpoint(
            facts=facts,
            kind=EndpointKind.WEBHOOK,
            contract_id=self.contract.id,
            by=self.colleague.id,
            at=self.at,
        ).endpoint
        sent = send_test(endpoint_id=endpoint.pk, by=self.colleague.id, at=self.at)
        assert sent is not None
        WebhookDelivery.objects.filter(pk=sent.pk).update(state=DeliveryState.DEAD)
        pages = ("endpoint", "resume")
        return [reverse(f"webhooks:{page}", args=[endpoint.pk]) for page in pages]

    def _registered(self) -> tuple[Provider, RosterEntry]:
        with contract_context(self.contract):
            entry = self._free_entry()
        mia = make_person("mia.held")
        made = make_provider(mia, self.contract, identifier=entry.identifier, name=entry.name)
        Provider.objects.filter(pk=made.pk).update(roster_entry_id=entry.id)
        return made, entry

    def _free_entry(self) -> RosterEntry:
        """Return an entry of the contract in hand that nobody has registered or will.

        Journeys register the first rows of a sample, which have the only identifier of their kind.
        """
        never = EntryFilter(standing=Standing.NEVER)
        free = find_entries(never, at=clock.now()).filter(removed_at=None)
        return free.filter(identifier__startswith=MADE_UP).latest("identifier", "id")

    def _requests(self, provider: Provider) -> list[str]:
        facts = DisputeFacts(
            name="Mary Oak",
            email="mary@oak.example.org",
            phone="304-555-0177",
            organization="Oak Clinic, 1 Oak Street",
            identifier=provider.identifier,
            story="We moved in May.",
        )
        disputed = open_dispute(
            contract=self.contract, facts=facts, address=ADDRESS, at=self.at
        ).dispute
        help_facts = HelpFacts("Mia Reed", HELD, "304-555-0199", "Elm Clinic", "")
        asked = open_help_request(
            kind=HelpKind.LOST_PHONE,
            facts=help_facts,
            contract_id=self.contract.id,
            address=ADDRESS,
            by=None,
            at=self.at,
        ).request
        dana = make_person("dana.asks", phone=None)
        grant_provider_role(user=dana, provider=provider, role=Role.STAFF, by=None, at=self.at)
        recovery = ask_recovery(
            user=dana, provider_id=provider.id, evidence="Mia has left.", at=self.at
        )
        assert disputed
        assert asked
        return [
            reverse("disputes:decide", args=[disputed.id]),
            reverse("staff:request", args=[asked.id]),
            reverse("staff_recovery", args=[recovery.id]),
        ]

    def _configuration(self) -> list[str]:
        banner = Banner("The portal rests on Sunday.", self.at, self.at + timedelta(days=1))
        notice = publish_notice(
            contract_id=self.contract.id,
            key=uuid7(),
            banner=banner,
            by=self.colleague.id,
            at=self.at,
        )
        self._publish(ENDED)
        Contract.objects.filter(slug=ENDED).update(state=ContractState.ARCHIVED)
        document = self._publish(CHANGING)
        asked = changed(document, brand__product="Asked for")
        wish = Wish(document=asked, base=1, note="A new name", needs_approval=True)
        publication = plan_publication(wish=wish, author=self.colleague, at=self.at)
        return [
            reverse("notices:edit", args=[self.contract.slug, notice.id]),
            reverse("console:deletion", args=[ENDED]),
            reverse("console:publication_decide", args=[CHANGING, publication.id]),
        ]

    def _publish(self, slug: str) -> ContractDocument:
        document = starter_contract(slug, on=day_of(self.at))
        publish_contract(document=document, base=None, by=None, at=self.at)
        return document

    def behind(self, author: User) -> str:
        """Give somebody a draft that others have overtaken."""
        document = registry.get_contract(CHANGING).document
        draft = changed(document, brand__product="Drafted")
        create_draft(slug=CHANGING, author=author.id, base=1, document=to_json(draft), at=self.at)
        newer = changed(document, brand__product="Published")
        publish_contract(document=newer, base=1, by=None, at=self.at)
        return reverse("console:draft_carry_over", args=[CHANGING])

    def _operations(self) -> list[str]:
        document = starter_contract("half-made", on=day_of(self.at))
        run = begin_run(document=document, note="", by=None, at=self.at - timedelta(hours=1))
        with recorded_step(run, ProvisioningStepName.RESERVED):
            pass
        message = OutboxMessage.objects.latest("created_at")
        dead = {"status": MessageStatus.FAILED, "sent_at": None, "attempts": 16, "failure": "421"}
        OutboxMessage.objects.filter(pk=message.pk).update(**dead)
        return [
            reverse("operations:resume", args=[run.id]),
            reverse("operations:message", args=[message.id]),
            reverse("operations:retry", args=[message.id]),
        ]

    def _roster(self, provider: Provider, entry: RosterEntry) -> list[str]:
        of_provider = [SLUG, entry.id, provider.id]
        return [
            *self._mailing(),
            reverse("roster:identifier_release", args=of_provider),
            reverse("roster:identifier_move", args=of_provider),
            reverse("roster:upload_changes", args=[SLUG, self._upload(entry)]),
        ]

    def _mailing(self) -> list[str]:
        with contract_context(self.contract):
            # Of one entry alone: others register by their codes.
            entry = self._free_entry()
            asked = Asked(
                act=MailingAct.ISSUE,
                form=MailingForm.SHEET,
                chosen=EntryFilter(entries=(str(entry.id),)),
                reason="Ticket 7",
                request_key=uuid7(),
                seen=newest_codes(),
            )
            mailing = begin_mailing(asked=asked, by=self.colleague.id, at=self.at)
            while work_on_mailing(mailing_id=mailing.id, at=clock.now()):
                continue
        return [
            reverse("roster:entry", args=[SLUG, entry.id]),
            reverse("roster:mailing", args=[SLUG, mailing.id]),
            reverse("roster:entry_revoke", args=[SLUG, entry.id]),
        ]

    def _upload(self, entry: RosterEntry) -> UUID:
        """Send a roster of one new and one changed entry, and wait until it is checked."""
        place = f"{entry.address_1},{entry.city},{entry.state},{entry.zip}"
        lines = [
            "identifier,name,address_1,city,state,zip,phone,code",
            f"{entry.identifier},{entry.name},{place},614-555-0188,",
            f"1999999984,A new one,{place},614-555-0189,",
        ]
        content = "\n".join(lines).encode()
        with contract_context(self.contract):
            upload = take_file(
                file=io.BytesIO(content),
                file_name="roster.csv",
                size=len(content),
                by=self.colleague.id,
                at=self.at,
            )
            tell_workers(work_on_upload, str(upload.id))
            ready = RosterUpload.objects.filter(pk=upload.pk, state=UploadState.READY)
            wait_for(ready.exists, seconds=60, what="the roster to be checked")
        return upload.id

    def _service(self) -> list[str]:
        """Make a service account with a token."""
        staff = find_staff(self.colleague, at=self.at)
        assert staff
        wish = ServiceWish("Roster robot", "robots@company.example.org", StaffRole.OPERATOR, None)
        account = make_service_account(staff=staff, wish=wish, reason="Ticket 7", at=self.at)
        holder = find_staff(account.user, at=self.at)
        assert holder
        rights = (StaffPermission.ROSTER_VIEW, StaffPermission.ROSTER_IMPORT)
        wanted = TokenWish("Nightly upload", rights, (self.contract.id,), 366)
        token = make_token(holder=holder, wish=wanted, by=staff, at=self.at)
        names = ("service", "service_end", "service_token_new")
        return [
            *(reverse(f"staff:{name}", args=[account.pk]) for name in names),
            *(reverse(f"staff:token_{act}", args=[token.row.pk]) for act in ("rotate", "revoke")),
        ]

    def _member(self) -> str:
        member = StaffMember.objects.get(user=self.colleague)
        return reverse("staff:member_end", args=[member.id])


def main() -> None:
    """Make everything; the draft is one of the account whose username is given."""
    author = User.objects.get(username=sys.argv[1])
    colleague = make_staff(StaffRole.OPERATOR, name="ottilie")
    maker = Maker(colleague, registry.get_contract(SLUG), clock.now())
    paths = maker.make_all()
    sys.stdout.write(json.dumps([*paths, maker.behind(author)]))


if __name__ == "__main__":
    main()
