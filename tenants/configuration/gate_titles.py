"""What each gate asks for, in the words of the pages that list them."""

from typing import Final

VALID: Final = "document_is_valid"
"""The gate before all others: the document can be read at all."""

GATE_TITLES: Final = {
    VALID: "Every field says what it can say, and every limit is within its bounds",
    "brand_is_readable": "The colour gives a contrast of 4.5:1 or more wherever it is used",
    "logo_is_present": "The logo is present",
    "support_is_reachable": "A support contact can be reached by phone or e-mail",
    "hosts_are_free": "Every host is free",
    "sender_is_its_own": "The address that mail comes from is no other program's",
    "issuers_are_known": "Every identity provider is known to the deployment",
    "examples_fit": "The examples match the rule that they explain",
    "test_vectors_cover": "Test vectors say what is accepted and what is refused",
    "test_vectors_hold_no_codes": "Test vectors hold no code that could have been issued",
    "test_vectors_pass": "The rule says to each test vector what is expected",
    "terms_are_in_effect": "Terms of use are in effect when people register",
    "terms_are_not_rewritten": "Terms of use that are in effect stay as they are",
    "weaker_policy_is_waived": "What is weaker than the default is waived, factors too",
    "waivers_are_needed": "Every waiver has something to waive",
    "waivers_are_current": "No waiver is over",
}
"""By the name of the gate, in the order in which they are shown."""
