"""`manage.py audit seal|verify|public-key`: what keeps the audit trail, and proves it."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from core.audit.chains import DEPLOYMENT_CHAIN
from core.audit.heads.keeping import Keeper
from core.audit.heads.statement import public_key_pem
from core.audit.heads.stores import head_store
from core.audit.sealer import Sealer
from core.audit.verifying import Verdict, list_chains, verify_chain
from tenants.models import Contract

BROKEN = 3
"""The code of the command when a record is not as it was."""


class Command(BaseCommand):
    """Seals events and verifies the chains."""

    help = "Seal audit events, verify their chains, show the key that heads are signed with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        seal = actions.add_parser("seal", help="seal what is written, and keep heads")
        seal.add_argument("--follow", action="store_true", help="go on until it is stopped")
        verify = actions.add_parser("verify", help="follow the chains from their beginning")
        verify.add_argument(
            "contracts", nargs="*", metavar="SLUG", help="those alone; the rest's is `deployment`"
        )
        verify.add_argument("--json", action="store_true", help="for programs")
        actions.add_parser("public-key", help="the key by which others check heads, as PEM")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["action"]:
            case "seal":
                self._seal(follow=options["follow"])
            case "verify":
                self._verify(options["contracts"], as_json=options["json"])
            case "public-key":
                self.stdout.write(public_key_pem(), ending="")

    def _seal(self, *, follow: bool) -> None:
        sealer = Sealer(Keeper(head_store()))
        if follow:
            sealer.stop_on_signals()
            sealer.run()
            return
        sealed = 0
        while turn := sealer.turn():
            sealed += turn
        self.stdout.write(f"{sealed:,} events sealed; heads are kept in {head_store().place}.")

    def _verify(self, slugs: list[str], *, as_json: bool) -> None:
        store, names = head_store(), _names()
        try:
            chains = [_chain(slug, names) for slug in slugs] or list_chains(store)
            verdicts = {names.get(one, str(one)): verify_chain(one, store) for one in chains}
        except OSError as error:
            raise CommandError(f"The kept heads cannot be read: {error}") from error
        if as_json:
            self.stdout.write(json.dumps([_facts(*one) for one in verdicts.items()], indent=2))
        else:
            for one in verdicts.items():
                self.stdout.write(_line(*one))
        if any(one.broken for one in verdicts.values()):
            raise SystemExit(BROKEN)


def _names() -> dict[UUID, str]:
    """Return what chains are called: by the slug of their contract, also of one that is deleted."""
    return {DEPLOYMENT_CHAIN: "deployment", **dict(Contract.objects.values_list("pk", "slug"))}


def _chain(slug: str, names: dict[UUID, str]) -> UUID:
    for chain, name in names.items():
        if name == slug:
            return chain
    raise CommandError(f"There is no contract {slug}.")


def _line(name: str, verdict: Verdict) -> str:
    so_far = f"{verdict.events:,} events, {verdict.heads:,} heads"
    waits = f", {verdict.unsealed:,} not sealed yet" if verdict.unsealed else ""
    if not (broken := verdict.broken):
        return f"good    {name}: {so_far}{waits}"
    number = f"number {broken.position:,}, " if broken.position else ""
    which = broken.event_id or "nobody knows which"
    return f"BROKEN  {name}: {so_far}{waits}; {number}event {which}. {broken.why}"


def _facts(name: str, verdict: Verdict) -> dict[str, object]:
    broken, oldest = verdict.broken, verdict.oldest_unsealed
    return {
        "contract": name,
        "chain": str(verdict.chain),
        "events": verdict.events,
        "heads": verdict.heads,
        "unsealed": verdict.unsealed,
        "oldest_unsealed": oldest.isoformat() if oldest else None,
        "broken": broken
        and {
            "position": broken.position,
            "event": str(broken.event_id) if broken.event_id else None,
            "why": broken.why,
        },
    }
