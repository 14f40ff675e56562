"""What a mailing is, and the states that it goes through.

    working → ready → taken | gone
       ├─→ sent
       └─→ failed

`ready`: the file lies sealed and waits for who asked for it. `taken`: it was handed over and is
wiped. `gone`: nobody took it in time, and it is wiped. `sent`: mails leave nothing to take.
"""

from typing import Final

from django.db import models


class MailingAct(models.TextChoices):
    """What a mailing brings to its entries."""

    ISSUE = "issue", "New codes"
    REMIND = "remind", "Reminder to register"


class MailingForm(models.TextChoices):
    """How it goes out."""

    SCREEN = "screen", "Shown on the screen"
    LETTERS = "letters", "Letters, as one PDF in postal order"
    SHEET = "sheet", "A CSV file for a mail merge"
    MAIL = "mail", "A mail to each address on file"


class MailingState(models.TextChoices):
    """How far a mailing is."""

    WORKING = "working", "Being made"
    READY = "ready", "Ready"
    TAKEN = "taken", "Taken"
    SENT = "sent", "Sent"
    GONE = "gone", "Not taken in time"
    FAILED = "failed", "Could not be made"


FORMS: Final = {
    MailingAct.ISSUE: (MailingForm.SCREEN, MailingForm.LETTERS, MailingForm.SHEET),
    MailingAct.REMIND: (MailingForm.MAIL, MailingForm.LETTERS, MailingForm.SHEET),
}
"""How each goes out. A code is never mailed from here: who asks for one by mail asks it anew."""

MOST: Final = {
    MailingForm.SCREEN: 20,
    MailingForm.LETTERS: 1_000,
    MailingForm.SHEET: 100_000,
    MailingForm.MAIL: 100_000,
}
"""Entries of one mailing. Own figures: what is looked at, printed, and held in memory at once."""
