"""`manage.py accounts unlock ADDRESS --reason TEXT`, and what other apps add."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.accounts.commands import list_subcommands
from core.accounts.selectors import find_account_by_email
from core.accounts.services.locks import unlock_account
from core.common import clock


class Command(BaseCommand):
    """Looks after accounts from the command line; every use is audited with its reason."""

    help = "Unlock an account, or bring accounts in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        unlock = actions.add_parser("unlock", help="open a locked account")
        unlock.add_argument("email", help="e-mail address of the account")
        unlock.add_argument("--reason", required=True, help="why; kept in the audit trail")
        for subcommand in list_subcommands():
            subcommand.add_arguments(actions.add_parser(subcommand.name, help=subcommand.help))

    def handle(self, *args: Any, **options: Any) -> None:
        added = {subcommand.name: subcommand for subcommand in list_subcommands()}
        if options["action"] in added:
            added[options["action"]].run(options, out=self.stdout, err=self.stderr)
        else:
            self._unlock(options)

    def _unlock(self, options: dict[str, Any]) -> None:
        reason = str(options["reason"]).strip()
        if not reason:
            raise CommandError("Give a reason: it is kept in the audit trail.")
        user = find_account_by_email(options["email"])
        if user is None:
            raise CommandError("No account has this e-mail address.")
        was_locked = unlock_account(user_id=user.id, reason=reason, by=None, at=clock.now())
        words = "is open again" if was_locked else "was not locked; its failures are forgotten"
        self.stdout.write(f"The account {user.username} {words}.")
