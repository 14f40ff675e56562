"""Mail by SMTP, over TLS or not at all.

Reports of mail that comes back later do not exist here: it goes to the sender's address, which
somebody has to read. What the server refuses at once is heard.
"""

import smtplib
import ssl
import time
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, formataddr
from typing import Final

from django.conf import settings

from core.common import clock
from core.notifications.channels.base import (
    ChannelReceipt,
    DeliveryError,
    OutcomeUnknownError,
    PermanentRefusalError,
    Sender,
    TransientRefusalError,
)
from core.notifications.kinds import Rendered

SECONDS: Final = 5
"""To connect, and for each answer."""
IN_ALL_SECONDS: Final = 20
_NO_SUCH_MAILBOX: Final = (b"5.1.1", b"5.1.2", b"5.1.3", b"5.1.6", b"5.1.10")
"""Enhanced status codes for an address that is no good (RFC 3463, RFC 7505)."""


class MailServer:
    """Hands mail to one server: `SMTP_HOST`, `SMTP_PORT`, `SMTP_USER`, `SMTP_PASSWORD`."""

    repeats_safely = False

    def send(self, rendered: Rendered, *, sender: Sender, reference: str) -> ChannelReceipt:
        """Hand a mail over; the server has taken it when it accepts the end of the text."""
        mail = mail_message(rendered, sender=sender, reference=reference)
        try:
            server = _connect(local_name=_domain_of(sender))
        except (OSError, smtplib.SMTPException) as error:
            # Whatever this was, no mail had been named yet.
            raise TransientRefusalError(_code_of(error)) from None
        try:
            _hand_over(server, mail, sender=sender.address, to=rendered.to)
        finally:
            # Without waiting for a farewell: the mail is settled by now.
            server.close()
        return ChannelReceipt(reference=str(mail["Message-ID"]))


def mail_message(rendered: Rendered, *, sender: Sender, reference: str) -> EmailMessage:
    """Return the mail. Its Message-ID is made from the reference: sent twice, it is one mail."""
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = formataddr((sender.name, sender.address), charset="utf-8")
    mail["To"] = rendered.to
    if sender.reply_to:
        mail["Reply-To"] = sender.reply_to
    mail["Subject"] = rendered.subject
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{reference}@{_domain_of(sender)}>"
    # So that no out-of-office note answers a portal (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(rendered.text)
    if rendered.html:
        mail.add_alternative(rendered.html, subtype="html")
    return mail


class _Session(smtplib.SMTP):
    """A conversation that waits for each answer, and in all, only so long."""

    def __init__(self, *, local_name: str) -> None:
        self._ends = time.monotonic() + IN_ALL_SECONDS
        # Named, because the library else asks the machine's name service, without an end.
        super().__init__(
            settings.SMTP_HOST, settings.SMTP_PORT, local_hostname=local_name, timeout=SECONDS
        )

    def getreply(self) -> tuple[int, bytes]:
        """Wait for an answer as long as there is time left."""
        left = self._ends - time.monotonic()
        if left <= 0:
            self.close()
            raise smtplib.SMTPServerDisconnected
        if self.sock is not None:
            self.sock.settimeout(min(float(SECONDS), left))
        return super().getreply()


def _connect(*, local_name: str) -> smtplib.SMTP:
    """Return a connection that is encrypted, checked and signed in."""
    server = _Session(local_name=local_name)
    try:
        # Raises where the server offers no STARTTLS, and where its certificate does not fit.
        server.starttls(context=ssl.create_default_context(cafile=settings.SMTP_CA_FILE or None))
        if settings.SMTP_USER:
            server.login(settings.SMTP_USER, settings.SMTP_PASSWORD)
        server.ehlo_or_helo_if_needed()
    except BaseException:
        server.close()
        raise
    return server


def _hand_over(server: smtplib.SMTP, mail: EmailMessage, *, sender: str, to: str) -> None:
    try:
        _accept(server.mail(sender))
        _accept(server.rcpt(to), to_mailbox=True)
    except UnicodeEncodeError:
        raise PermanentRefusalError("address beyond ASCII", bad_address=True) from None
    except (OSError, smtplib.SMTPException) as error:
        raise TransientRefusalError(_code_of(error)) from None
    try:
        _accept(server.data(mail.as_bytes()))
    except smtplib.SMTPDataError as error:
        # The server refused to hear the text at all.
        raise _refusal(error.smtp_code, b"", to_mailbox=False) from None
    except (OSError, smtplib.SMTPException) as error:
        raise OutcomeUnknownError(_code_of(error)) from None


def _accept(answer: tuple[int, bytes], *, to_mailbox: bool = False) -> None:
    code, text = answer
    if not 200 <= code < 300:
        raise _refusal(code, text, to_mailbox=to_mailbox)


def _refusal(code: int, text: bytes, *, to_mailbox: bool) -> DeliveryError:
    """Return what a refusal means: 5 is for good, all else may pass (RFC 5321, 4.2.1)."""
    if not 500 <= code < 600:
        # A mailbox that is full or slow says nothing of the server.
        return TransientRefusalError(f"smtp {code}", of_channel=code == 421 or not to_mailbox)
    bad = to_mailbox and text.startswith(_NO_SUCH_MAILBOX)
    return PermanentRefusalError(f"smtp {code}", bad_address=bad)


def _domain_of(sender: Sender) -> str:
    return sender.address.rpartition("@")[2]


def _code_of(error: Exception) -> str:
    """Return the kind of an error and the server's code, never its text."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
