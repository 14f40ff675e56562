"""The names under which the outbox knows the mails of registration. Pure."""

from typing import Final

LINK_KIND: Final = "registration_link"
ADDRESS_CHANGED_KIND: Final = "registration_address_changed"
NOTICE_KIND: Final = "registration_completed_notice"
CODE_REQUEST_KIND: Final = "registration_code_request"
"""Leads to a mail of CODE_KIND for each address on file, and is itself never sent."""
CODE_KIND: Final = "registration_code"

JOIN_ASKED_KIND: Final = "registration_join_asked"
"""Leads to requests to join, and is itself never sent."""

APPROVAL_KIND: Final = "registration_approval"
"""Tells whoever registered that it waits for approval, and what came of it."""
APPROVAL_STAFF_KIND: Final = "registration_approval_for_staff"

NOBODY: Final = "nobody.invalid"
"""Where a message is addressed that is written for the sake of equal work and never sent."""
