"""Examples of bodies and answers, for the reference and the OpenAPI document; tests check them."""

from typing import Any, Final, NamedTuple

from contracts.api.resources.upload_shapes import LARGEST_CHUNK
from contracts.roster.uploads.files import PART_BYTES


class Example(NamedTuple):
    """What a call takes (None: no JSON), and what it answers."""

    takes: dict[str, Any] | None
    gives: dict[str, Any]


_ID: Final = "019a6f0e-7d1b-7cc2-9d55-2f3c8a4b9d10"
_BY: Final = "019a6bd0-1f5c-7a90-b3c2-5d4e3f2a1b09"
_ENTRY: Final = "019a6f0d-2b6a-7e4f-9c8d-7b6a5f4e3d21"
_CONTRACT: Final = "019a6c11-52aa-7b70-8f7e-6a0b2c7d9e01"
_AT: Final = "2026-11-23T16:05:48.120394Z"
_LATER: Final = "2026-11-23T16:06:02.004117Z"
_REASON: Final = "Ticket 4711"
_DOCUMENT: Final = {"contract": {"slug": "example", "name": "…"}, "…": "the other sections"}
_UPLOAD: Final = {
    "id": _ID,
    "file_name": "june.csv",
    "size": 4_812_345,
    "state": "receiving",
    "offset": 0,
    "chunk_unit": PART_BYTES,
    "largest_chunk": LARGEST_CHUNK,
    "percent": 0,
    "rows": 0,
    "rejected": 0,
    "problem": "",
    "column_problems": [],
    "sha256": "",
    "present": 0,
    "added": 0,
    "changed": 0,
    "removed": 0,
    "many_leave": False,
    "made_again": False,
    "sent_by": _BY,
    "began_at": _AT,
    "moved_at": _AT,
    "ended_at": None,
    "confirmed_by": None,
    "reason": "",
}
_MAILING: Final = {
    "id": _ID,
    "act": "issue",
    "form": "sheet",
    "state": "working",
    "total": 214,
    "done": 0,
    "left_out": 0,
    "reason": _REASON,
    "asked_by": _BY,
    "asked_at": _AT,
    "ready_at": None,
    "ended_at": None,
}
_DIFFERENCE: Final = {"added": 12, "changed": 40, "removed": 3}
_WEBHOOK: Final = {
    "name": "Eligibility",
    "contract": "example",
    "address": "https://hooks.agency.example/in",
    "events": ["registration.approved", "provider.registered"],
}
_CHUNK_SENT: Final = {**_UPLOAD, "offset": LARGEST_CHUNK, "percent": 65}
EXAMPLES: Final = {
    "plan_configuration": Example(
        {"document": _DOCUMENT},
        {
            "is_new": False,
            "base": 7,
            "changes": [
                {"field": "contract.name", "before": "Behavioral Health", "after": "Health"}
            ],
            "closed_gates": [],
            "stricter": [],
            "needs_approval": False,
        },
    ),
    "publish_configuration": Example(
        {"document": _DOCUMENT, "reason": _REASON},
        {
            "id": _ID,
            "slug": "example",
            "state": "published",
            "base": 7,
            "digest": "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
            "reason": _REASON,
            "author": _BY,
            "asked_at": _AT,
            "due_at": _AT,
            "revision": 8,
            "outcome": "",
        },
    ),
    "begin_upload": Example({"file_name": "june.csv", "size": 4_812_345}, _UPLOAD),
    "send_chunk": Example(None, _CHUNK_SENT),
    "swap_upload": Example(
        {**_DIFFERENCE, "reason": _REASON},
        {
            **_UPLOAD,
            **_DIFFERENCE,
            "state": "swapping",
            "offset": None,
            "percent": 100,
            "rows": 20_220,
            "sha256": "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
            "present": 20_211,
            "confirmed_by": _BY,
            "reason": _REASON,
            "moved_at": _LATER,
        },
    ),
    "issue_codes": Example({"standing": "never", "form": "sheet", "reason": _REASON}, _MAILING),
    "remind": Example(
        {"standing": "begun", "form": "mail", "reason": _REASON},
        {**_MAILING, "act": "remind", "form": "mail"},
    ),
    "take_mailing": Example(
        None,
        {
            "codes": [
                {
                    "entry": _ENTRY,
                    "name": "Example Clinic",
                    "code": "7KQ2M4XD9TRA",
                    "until": "2027-01-22",
                }
            ],
            "content_type": None,
            "content": None,
        },
    ),
    "look_up": Example(
        {"by": "username", "value": "dana.reed", "reason": _REASON},
        {
            "accounts": [{"id": _ID, "username": "dana.reed", "name": "Dana Reed"}],
            "registrations": [],
        },
    ),
    "unlock_account": Example(
        {"reason": _REASON},
        {
            "id": _ID,
            "username": "dana.reed",
            "name": "Dana Reed",
            "masked_email": "d•••••d@clinic.example",
            "state": "active",
            "closed_at": None,
            "is_locked": False,
            "locked_at": None,
            "locked_until": None,
            "factors": ["totp"],
            "contracts": [_CONTRACT],
            "other_contracts": 0,
            "roles": [
                {
                    "contract_id": _CONTRACT,
                    "where": "Example Clinic",
                    "role": "Group admin",
                    "since": _AT,
                }
            ],
            "other_roles": 0,
            "last_used_at": _AT,
            "acts": ["resend", "deactivate"],
        },
    ),
    "create_webhook": Example(
        _WEBHOOK,
        {
            **_WEBHOOK,
            "id": _ID,
            "kind": "webhook",
            "has_authorization": False,
            "state": "active",
            "state_since": _AT,
            "made_by": _BY,
            "made_at": _AT,
            "failing_since": None,
            "last_delivered_at": None,
            "former_secret_ends_at": None,
            "waiting": 0,
            "oldest_waiting_at": None,
            "dead": 0,
            "secret": "whsec_…",
        },
    ),
    "replay_deliveries": Example(
        {"since": "2026-11-20T00:00:00Z", "which": "dead", "reason": _REASON}, {"deliveries": 17}
    ),
}
"""By the name of the call."""
