"""What fields, sections and choices are called: by their names in the model, or as it stands here.

The tables are the one place for other words. A path may be given from its end, as in `valid_days`.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from contracts.console.sections.nodes import About
from core.ui.fields import STATES
from tenants.configuration.merge import policy_fields

_LABELS: Final[Mapping[str, str]] = {
    "contract": "Program",
    "hosts": "Domain names",
    "brand": "Brand",
    "support": "Support contacts",
    "vocabulary": "Words of the program",
    "profile": "Forms about people",
    "groups": "Provider groups",
    "staff": "Staff sign-in",
    "terms": "Terms of use",
    "channels": "Messages and budget",
    "modules": "Parts of the portal",
    "accounts": "Passwords and locks",
    "mfa": "Second factor",
    "links": "Links in mails",
    "contract.slug": "Short name in addresses",
    "contract.program": "Full title of the program",
    "contract.agency": "Sponsoring agency",
    "contract.program_text": "Introduction",
    "guide_title": "Title of the user guide",
    "guide_url": "Address of the user guide",
    "opens_on": "Opens on",
    "closes_on": "Closes on",
    "hosts.primary": "Own domain name",
    "hosts.aliases": "More domain names",
    "hosts.redirects": "Old domain names",
    "brand.product": "Name of the portal",
    "brand.logo_text": "Word-mark",
    "brand.sender_name": "Name of the sender",
    "brand.sender_address": "Address of the sender",
    "brand.reply_to": "Answers go to",
    "brand.logo_alt": "What the logo says",
    "brand.logo_width": "Width of the logo",
    "brand.logo_height": "Height of the logo",
    "support.purpose": "For what",
    "email": "E-mail",
    "url": "Web page",
    "support.hours": "Office hours",
    "vocabulary.place": "A provider's place of work",
    "vocabulary.request": "What is asked for",
    "vocabulary.code_name": "Registration code",
    "vocabulary.number_name": "Number of a provider",
    "registration.unit": "What registers once",
    "registration.identifier_label": "Number: label",
    "registration.identifier_hint": "Number: hint",
    "registration.identifier_example": "Number: example",
    "registration.identifier_types": "Number: kinds that are accepted",
    "registration.check_npi": "Verify the check digit of NPIs",
    "registration.code_label": "Code: label",
    "registration.code_hint": "Code: hint",
    "registration.code_example": "Code: example",
    "registration.code_help": "Code: help",
    "registration.code_to_address_on_file": "Send a new code to the address on file when asked",
    "registration.rule": "Proof",
    "registration.rule.family": "How a provider proves itself",
    "rule.facts": "Facts that are asked for",
    "rule.pattern": "Pattern of the code",
    "rule.issued_code_fallback": "Providers without a payment use a code",
    "rule.length": "Length of a code",
    "rule.valid_days": "A code is valid for",
    "rule.max_uses": "Registrations per code",
    "registration.without_npi": "Without a number",
    "registration.without_code": "Without a code",
    "registration.approval": "A registration",
    "registration.approval_second_person": "Two people approve each registration",
    "registration.approval_days": "Time to approve",
    "registration.dispute_second_person": "Two people decide that a number is taken from a group",
    "registration.notify_address_on_file": "Tell the address on file of each registration",
    "registration.number_note": "Note about the number",
    "registration.limits": "Limits on attempts",
    "registration.test_vectors": "Test vectors",
    "test_vectors.what": "What is tried",
    "test_vectors.identifier": "Typed as the number",
    "test_vectors.code": "Typed as the code",
    "test_vectors.remittance_on": "Typed as the date of the remittance advice",
    "test_vectors.remittance_amount": "Typed as its amount",
    "test_vectors.on": "Tried on",
    "test_vectors.expect": "The rule must say",
    "test_vectors.entry": "On the roster",
    "entry.identifier": "Number",
    "entry.identifier_type": "Kind of number",
    "entry.code": "Code of the program",
    "entry.issued_code": "Code that was issued",
    "entry.remittance_on": "Date of the remittance advice",
    "entry.remittance_amount": "Amount of the remittance advice",
    "limits.attempts_per_identifier": "Attempts per number",
    "limits.attempts_per_address": "Attempts per network address",
    "limits.window_minutes": "Counted within",
    "profile.registration": "At registration",
    "profile.added_user": "When an admin adds a user",
    "required": "Required fields",
    "labels": "Labels of the fields",
    "fax_note": "Note below the fax number",
    "address_1": "Address, first line",
    "address_2": "Address, second line",
    "zip": "ZIP code",
    "groups.access_review_days": "Review of access every",
    "groups.access_review_unconfirmed": "A role that nobody confirmed",
    "groups.roster_drop_percent": "A roster file may drop without asking",
    "groups.roster_end_days": "After the end of a roster entry, keep access for",
    "groups.third_parties": "Providers may let in other organizations",
    "groups.single_admin_reminder": "Remind groups that have one admin only",
    "groups.recovery_evidence": "What to write when an admin has left",
    "groups.recovery_wait_days": "Waiting time for objections",
    "groups.roles": "Roles of this contract",
    "roles.key": "Key",
    "roles.sentence": "What it means",
    "roles.third_parties": "Can be given to other organizations",
    "staff.issuers": "Identity providers of the state",
    "terms.effective_on": "In effect from",
    "terms.party": "Party",
    "party.legal_name": "Legal name",
    "party.phones": "Phone numbers",
    "party.web": "Web site",
    "terms.reaccept": "Ask people again who accepted an earlier version",
    "notices.from_at": "From",
    "notices.until_at": "Until",
    "channels.monthly_budget_dollars": "Monthly budget",
    "monthly_budget_dollars.sms": "Text messages",
    "monthly_budget_dollars.voice": "Calls",
    "channels.alarm_to": "Who is told of the budget",
    "accounts.password_min_length": "Shortest password",
    "accounts.password_classes": "Kinds of character in a password",
    "accounts.lock_failures": "Lock after",
    "accounts.lock_window_minutes": "Failures count together within",
    "accounts.lock_hold_minutes": "A lock holds for",
    "accounts.inactivity_days": "Close unused accounts after",
    "accounts.inactivity_warn_days": "Warn of that after",
    "mfa.email_code_seconds": "Sign-in code by e-mail",
    "mfa.verify_email_code_seconds": "Code that proves an e-mail address",
    "mfa.sms_code_seconds": "Code by text message",
    "mfa.voice_code_seconds": "Code by call",
    "mfa.attempts": "Wrong answers that use a code up",
    "mfa.voice_confirmation": "How a call is confirmed",
    "mfa.remember_hours": "Remember a browser for",
    "mfa.methods": "Factors",
    "mfa.admin_methods": "Factors of admins",
    "sessions.idle_minutes": "Sign out when idle for",
    "sessions.absolute_hours": "Sign out in any case after",
    "sessions.warning_seconds": "Warn before that",
    "links.registration_minutes": "Registration link",
    "links.invitation_hours": "Invitation",
    "links.reset_minutes": "Password reset link",
    "links.reset_registration_hours": "Link of a registration reset",
    "links.reservation_hours": "Unfinished registration",
    "publishing.second_person": "A second person approves what is published",
    "waivers.rule": "What is waived",
    "waivers.until": "Last day",
}
_CHOICES: Final[Mapping[str, str]] = {
    "npi": "NPI",
    "umpi": "UMPI",
    "api": "API",
    "program_id": "Number of the program",
    "rule.family.program_id": "By a number that the program already gave the provider",
    "issued_code": "By a secret code that is issued for each location",
    "knowledge_proof": "By facts that only the provider knows",
    "identifier": "A number, with all its locations",
    "unit.location": "Each location for itself",
    "remittance_on": "Date of the latest remittance advice",
    "remittance_amount": "Amount of the latest remittance advice",
    "entry.issued_code.none": "None was issued",
    "entry.issued_code.valid": "Can be used",
    "entry.issued_code.expired": "Has expired",
    "entry.issued_code.revoked": "Is revoked",
    "entry.issued_code.used_up": "Is used up",
    "expect.accepted": "Accepted",
    "expect.malformed": "Refused at the field: not what a number or code looks like",
    "expect.nothing_typed": "Refused: nothing is typed",
    "expect.no_entry": "Refused: the roster has no such entry",
    "expect.wrong_identifier": "Refused: wrong number",
    "expect.wrong_code": "Refused: wrong code",
    "expect.wrong_facts": "Refused: wrong facts",
    "expect.facts_not_on_file": "Refused: no such facts on file",
    "expect.fallback_not_open": "Refused: that way is not open to the entry",
    "expect.code_expired": "Refused: the code has expired",
    "expect.code_revoked": "Refused: the code is revoked",
    "expect.code_used_up": "Refused: the code is used up",
    "expect.entry_not_started": "Refused: the entry has not started",
    "expect.entry_ended": "Refused: the entry has ended",
    "expect.provider_type_not_allowed": "Refused: this provider type may not register",
    "refuse": "Is refused",
    "code_in_both": "Enters the code in both fields",
    "identifier_in_both": "Enters the number in both fields",
    "automatic": "Counts at once",
    "approval.operator": "Counts after an operator has approved it",
    "keep": "Stays, as overdue",
    "suspend": "Gives nothing after two weeks, until an admin confirms it",
    "remove": "Ends after two weeks",
    "phone": "Phone",
    "methods.phone": "Phone: text message or call",
    "methods.email": "E-mail",
    "totp": "Authenticator app",
    "passkey": "Passkey",
    "upper": "A capital letter",
    "lower": "A small letter",
    "digit": "A digit",
    "special": "A special character",
    "press_pound": "By pressing #",
    "digits_on_screen": "By typing the digits on the screen",
    "users.view": "See users",
    "users.export": "Download the list of users",
    "users.invite": "Invite users",
    "roles.manage": "Add, change, move and end roles",
    "accounts.manage": "Edit contact information, reset, unlock and deactivate",
    "requests.decide": "Answer requests to join",
    "access.review": "Confirm who has access",
    "third_parties.manage": "Give other organizations access",
    "activity.view": "Read Activity",
    "modules.registration": "Registration of providers",
}
_ROWS: Final[Mapping[str, str]] = {
    "support": "Contact",
    "terms": "Version",
    "notices": "Notice",
    "waivers": "Waiver",
    "groups.roles": "Role",
    "registration.test_vectors": "Test vector",
}
_UNITS: Final = ("seconds", "minutes", "hours", "days", "dollars", "percent")
_TIME_ZONES: Final = (
    "America/New_York",
    "America/Detroit",
    "America/Indiana/Indianapolis",
    "America/Kentucky/Louisville",
    "America/Chicago",
    "America/Denver",
    "America/Boise",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "America/St_Thomas",
    "Pacific/Guam",
    "Pacific/Pago_Pago",
)


def label_of(about: About) -> str:
    """Return what a field or section is called. Its unit is not in it."""
    name = about.path.rpartition(".")[2]
    return _found(_LABELS, about.path) or _plain(name.removesuffix(f"_{unit_of(about)}"))


def section_label(name: str) -> str:
    """Return what a section of the document is called."""
    return label_of(About(name))


def input_label(about: About) -> str:
    """Return what an input is called, with the unit in which it counts."""
    unit = unit_of(about)
    return f"{label_of(about)} ({unit})" if unit else label_of(about)


def bounds_of(about: About) -> str:
    """Return between what a number has to be."""
    if about.least is None or about.most is None:
        return ""
    return f"From {about.least:,} to {about.most:,}."


def unit_of(about: About) -> str:
    """Return in what a number counts, from the policy or from the end of the field's name."""
    if about.unit:
        return about.unit
    if ".monthly_budget_dollars." in about.path:
        return "dollars"
    last = about.path.rpartition("_")[2]
    return last if last in _UNITS else ""


def help_of(about: About) -> str:
    """Return the explanation of a field, as it is said where nobody writes TOML."""
    return about.help.replace("`", "").replace('"none"', "empty")


def choice_label(path: str, value: str) -> str:
    """Return what one choice of a field is called."""
    return _found(_CHOICES, f"{path}.{value}") or _found(_LABELS, value) or _plain(value)


def offered(about: About) -> tuple[tuple[str, str], ...]:
    """Return the choices of a field as value and label; a few texts have some to offer, too."""
    match about.path:
        case "contract.state":
            return STATES
        case "contract.time_zone":
            return tuple((name, name.replace("_", " ")) for name in _TIME_ZONES)
        case "waivers.rule":
            return tuple((rule, rule_label(rule)) for rule in _rules())
    return tuple((value, choice_label(about.path, value)) for value in about.choices)


def rule_label(rule: str) -> str:
    """Return what a rule is called that can be waived."""
    section, _, field = rule.partition(".")
    if rule.startswith("mfa.methods."):
        named = choice_label("mfa.methods", rule.rpartition(".")[2])
        return f"{_LABELS[section]}: {named} as a factor"
    words = label_of(About(f"{section}.{field}"))
    return f"{label_of(About(section))}: {words}"


def in_words(about: About, value: Any) -> str:
    """Return a value as the page names it beside the input."""
    if value is None or value in ("", [], {}):
        return "None"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    known = dict(offered(about))
    items = value if isinstance(value, list) else [value]
    unit = unit_of(about) if all(isinstance(item, int) for item in items) else ""
    return f"{'; '.join(known.get(str(item), str(item)) for item in items)} {unit}".strip()


def field_label(field: str) -> str:
    """Return what a field of a document is called, such as `support[Registration].phone`."""
    entries = re.findall(r"\[([^\]]*)\]", field)
    path = path_of(field)
    label = f"{label_of(About(path))} ({', '.join(entries)})" if entries else label_of(About(path))
    section = path.partition(".")[0]
    return label if section == path else f"{section_label(section)}: {label}"


def path_of(field: str) -> str:
    """Return the path of a field without the entries of lists on its way."""
    return re.sub(r"\[[^\]]*\]", "", field)


def row_label(about: About) -> str:
    """Return what one row of a list is called."""
    return _found(_ROWS, about.path) or "Entry"


def with_words(sentence: str, words: Mapping[str, str]) -> str:
    """Call fields and choices in a sentence of the model as the page calls them."""
    return re.sub(
        r"[a-z]+(?:_[a-z0-9]+)+",
        lambda found: f"“{words[found[0]]}”" if found[0] in words else found[0],
        sentence,
    )


def _rules() -> list[str]:
    return [*policy_fields(), "mfa.methods.email", "mfa.methods.phone"]


def _found(table: Mapping[str, str], path: str) -> str:
    """Return the words for a path: as a whole, or the longest end of it that has some."""
    while path not in table:
        _, dot, path = path.partition(".")
        if not dot:
            return ""
    return table[path]


def _plain(name: str) -> str:
    words = name.replace("_", " ").replace(".", " ")
    return words[:1].upper() + words[1:]
