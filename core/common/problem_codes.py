"""Every code that a problem of the API has: its status, its title, and what to do about it.

The reference shows them, and the `type` of a problem leads there. Codes stay what they are.
"""

from typing import Final, NamedTuple


class Code(NamedTuple):
    """What a code says. `words` are for who reads the reference; an answer has its own `detail`."""

    status: int
    title: str
    words: str = ""


_OF_THE_DOOR: Final = {
    "bad_request": Code(400, "The request cannot be understood"),
    "body_not_json": Code(400, "The body is no JSON that this API takes"),
    "body_invalid": Code(400, "The body does not fit", "The fields are in errors."),
    "query_invalid": Code(400, "The query does not fit", "The parameters are in errors."),
    "key_missing": Code(400, "An Idempotency-Key is needed"),
    "token_missing": Code(401, "A bearer token is needed"),
    "token_invalid": Code(401, "The token opens nothing", "Make or rotate one."),
    "sign_in_needed": Code(
        401,
        "The token sleeps until its holder signs in",
        "Its holder's role comes from an identity provider. Sign in through it once.",
    ),
    "right_missing": Code(
        403, "The token lacks the right", "It is in right; or the role of its holder lacks it."
    ),
    "not_found": Code(404, "There is no such thing", "Or it is out of the token's reach."),
    "method_not_allowed": Code(
        405, "The method is not offered here", "Allow names those that are."
    ),
    "not_acceptable": Code(406, "The answer is JSON only"),
    "length_needed": Code(411, "The length of the body is needed"),
    "body_too_large": Code(413, "The body is too large", "A roster file is sent in chunks."),
    "content_type": Code(415, "The content type is not taken here"),
    "document_invalid": Code(
        422, "The document cannot be read", "Its fields are in errors, as JSON Pointers."
    ),
    "cursor_invalid": Code(422, "The cursor belongs to another query", "Begin the list anew."),
    "key_reused": Code(
        422,
        "The Idempotency-Key was used for something else",
        "Take a new key for each thing that is to be done.",
    ),
    "precondition_missing": Code(428, "If-Match is needed", "Send the ETag of what you read."),
    "too_many_calls": Code(429, "Too many calls", "Retry-After says when to go on."),
    "server_error": Code(500, "A fault of ours", "Quote request_id to the help desk."),
    "unavailable": Code(
        503, "Try again in a moment", "Send it again, a change with the same Idempotency-Key."
    ),
}
_OF_CONFIGURATIONS: Final = {
    "changed_meanwhile": Code(
        412, "Somebody else was faster", "Make the change on present, and send its etag."
    ),
    "contract_exists": Code(409, "There is such a contract already"),
    "conflict": Code(409, "It cannot be done as things stand"),
    "configuration_gates_closed": Code(
        409, "A gate keeps the document from being published", "What it is about is in errors."
    ),
    "configuration_approval_needed": Code(
        409, "Somebody else has to approve it", "Ask for the publication instead."
    ),
    "contract_archived": Code(409, "The contract is archived", "Take it out of the archive first."),
    "publication_open": Code(
        409, "A publication waits for this contract already", "Withdraw that one, or let it be."
    ),
    "publication_decided": Code(
        409, "It was decided, withdrawn or begun meanwhile", "Read the publication anew."
    ),
}
_OF_ROSTERS: Final = {
    "roster_upload_open": Code(
        409, "Another roster file is on its way", "Finish or cancel that one: its key is in upload."
    ),
    "roster_upload_state": Code(
        409, "The file is not in a state for this", "Which one it is in is in state."
    ),
    "roster_upload_refused": Code(409, "The file cannot be taken", "Begin it anew."),
    "roster_upload_differs": Code(
        409,
        "The numbers are not those of the file",
        "Look at its changes, then send added, changed and removed as it has them.",
    ),
    "many_leave": Code(
        409, "Many entries would leave the roster", "If that is meant, send many_may_leave."
    ),
    "upload_offset": Code(409, "The file stands at another byte", "Go on at offset."),
    "chunk_size": Code(
        422, "The chunk has another length than fits", "A multiple of chunk_unit, but for the last."
    ),
    "entries_unknown": Code(422, "Not all of the entries exist", "The others are in errors."),
    "entries_unclear": Code(422, "Which entries are meant is not clear"),
    "no_issued_codes": Code(409, "The contract works without issued codes"),
    "mailing_at_work": Code(
        409, "Other codes or reminders are being made", "Wait until that mailing is done."
    ),
    "mailing_meanwhile": Code(
        409, "Codes were issued meanwhile", "Look at the newest mailing; earlier codes have ended."
    ),
    "mailing_sent_already": Code(409, "It was asked for already, as something else"),
    "mailing_nobody": Code(409, "No entry fits"),
    "mailing_too_many": Code(409, "More entries fit than one mailing takes", "Narrow them."),
    "mailing_nothing_to_take": Code(
        409, "It was taken already, or is over", "What was made is handed over once."
    ),
}
_OF_ACCOUNTS: Final = {
    "contract_missing": Code(422, "A contract is needed", "Identifiers belong to a contract."),
    "look_up_first": Code(
        403, "Look the account up first", "With a reason; it holds half an hour."
    ),
    "staff_account": Code(
        403, "The account belongs to staff", "Who manages staff acts on it, on the pages."
    ),
    "act_not_possible": Code(
        409, "The account is in another state", "What can be done to it now is in acts."
    ),
    "account_closed": Code(409, "The account is not active", "Reactivate it first."),
    "own_account": Code(409, "Nobody does this to their own account"),
    "too_soon": Code(409, "A mail went out a moment ago", "Try again in some minutes."),
}
_OF_WEBHOOKS: Final = {
    "contract_unknown": Code(422, "The contract is not known here"),
    "webhook_address": Code(422, "Nothing is sent to such an address", "A public https:// one is."),
    "webhook_event": Code(422, "The events do not fit the endpoint"),
    "webhook_gone": Code(409, "The endpoint was deleted meanwhile"),
    "webhook_rotation": Code(
        409, "The former secret still signs", "End it at once (at_once), or wait for a day."
    ),
    "webhooks_too_many": Code(409, "There are as many endpoints as fit", "Delete one."),
}
GROUPS: Final = {
    "Of any call": _OF_THE_DOOR,
    "Of contracts and their configuration": _OF_CONFIGURATIONS,
    "Of rosters and codes": _OF_ROSTERS,
    "Of accounts": _OF_ACCOUNTS,
    "Of webhooks": _OF_WEBHOOKS,
}
CODES: Final = {code: said for group in GROUPS.values() for code, said in group.items()}
