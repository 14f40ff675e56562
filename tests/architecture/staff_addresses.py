"""What a GET of each page of staff answers to each role of staff."""

from dataclasses import dataclass

Answer = int | str


@dataclass(frozen=True)
class StaffRow:
    """What a GET answers to each role of staff, signed in with an accepted factor."""

    operator: Answer
    contract_admin: Answer
    help_desk: Answer
    auditor: Answer


def all_staff(answer: Answer) -> StaffRow:
    return StaffRow(answer, answer, answer, answer)


def all_roster_views(answer: Answer) -> StaffRow:
    """The help desk has nothing to do with rosters."""
    return StaffRow(answer, answer, 403, answer)


STAFF_TABLE: dict[str, StaffRow] = {
    "staff:home": all_staff(200),
    # Only for who signed in without an accepted factor
    "staff:factor": all_staff(302),
    # Who can hold elevated rights, and in these tests does; the others have nothing to ask for
    "staff:elevate": StaffRow(302, 302, 403, 403),
    "staff:give_up": all_staff(405),
    "staff:find": all_staff(200),
    "staff:requests": all_staff(200),
    # Who is staff: to see for operators and auditors, to appoint for operators
    "staff_recoveries": all_staff(302),
    "staff:members": StaffRow(200, 403, 403, 200),
    "staff:member_invite": StaffRow(200, 403, 403, 403),
    "staff:member_end": StaffRow(404, 403, 403, 403),
    "staff:invitation_withdraw": StaffRow(404, 403, 403, 403),
    # One's own tokens; the service accounts like the members
    "staff:tokens": all_staff(200),
    "staff:token_new": all_staff(200),
    "staff:token_rotate": all_staff(404),
    "staff:token_revoke": all_staff(404),
    "staff:services": StaffRow(200, 403, 403, 200),
    "staff:service_new": StaffRow(200, 403, 403, 403),
    "staff:service": StaffRow(404, 403, 403, 404),
    "staff:service_end": StaffRow(404, 403, 403, 403),
    "staff:service_token_new": all_staff(404),
    "staff:oidc_links": all_staff(200),
    "staff:oidc_link": all_staff(405),
    "staff:oidc_unlink": all_staff(404),
    "console:contracts": all_staff(200),
    # A contract that does not exist, or is out of one's scope
    "console:contract": all_staff(404),
    # A draft is one's own, of a contract that one may configure; new ones are begun by operators
    "console:new_contract": StaffRow(200, 403, 403, 403),
    "console:draft": StaffRow(404, 404, 403, 403),
    "console:draft_brand": StaffRow(404, 404, 403, 403),
    "console:draft_toml": StaffRow(404, 404, 403, 403),
    "console:draft_download": StaffRow(404, 404, 403, 403),
    "console:draft_carry_over": StaffRow(404, 404, 403, 403),
    "console:draft_review": StaffRow(404, 404, 403, 403),
    "console:publication": all_staff(404),
    "console:publication_progress": all_staff(404),
    "console:publication_decide": StaffRow(404, 403, 403, 403),
    "console:publication_withdraw": StaffRow(405, 405, 403, 403),
    "console:publication_go_on": StaffRow(404, 403, 403, 403),
    "console:draft_discard": StaffRow(404, 404, 403, 403),
    "console:draft_section": StaffRow(404, 404, 403, 403),
    # The preview of a draft, publication or revision that there is not; links are made by who
    # configures the contract
    "console:preview": all_staff(404),
    "console:preview_pages": all_staff(404),
    "console:preview_page": all_staff(404),
    "console:preview_link_make": StaffRow(405, 405, 403, 403),
    "console:preview_link_take_back": StaffRow(405, 405, 403, 403),
    "console:history": all_staff(404),
    "console:state": all_staff(404),
    "console:simulator": all_staff(404),
    "console:data_exports": StaffRow(404, 403, 403, 403),
    "console:data_export": StaffRow(404, 403, 403, 403),
    "console:data_export_progress": StaffRow(404, 403, 403, 403),
    "console:data_export_delete": StaffRow(405, 403, 403, 403),
    "console:deletion": StaffRow(404, 403, 403, 403),
    "console:state_change": StaffRow(404, 403, 403, 403),
    "console:state_withdraw": StaffRow(405, 403, 403, 403),
    "console:revision": all_staff(404),
    "console:revision_toml": all_staff(404),
    "console:rollback": StaffRow(404, 403, 403, 403),
    # Notices: to see for all, to publish for operators and contract admins
    "notices:list": all_staff(404),
    "notices:new": StaffRow(404, 404, 403, 403),
    "notices:edit": StaffRow(404, 404, 403, 403),
    "notices:end": StaffRow(405, 405, 403, 403),
    # Figures: whoever may read reports; the help desk does not
    "figures:figures": StaffRow(404, 404, 403, 404),
    "figures:csv": StaffRow(404, 404, 403, 404),
    # The go-live list: to see for all, to tick and try for who configures the contract
    "going_live:list": all_staff(404),
    "going_live:tick": StaffRow(405, 405, 403, 403),
    "going_live:untick": StaffRow(405, 405, 403, 403),
    "going_live:try": StaffRow(405, 405, 403, 403),
    # Hosts and sender: to see for all, to ask now for who configures the contract
    "hosts:list": all_staff(404),
    "hosts:check": StaffRow(405, 405, 403, 403),
    # The deployment at work: operators act, auditors look; the help desk sees the outbox
    "operations:overview": StaffRow(200, 403, 403, 200),
    "operations:outbox": StaffRow(200, 403, 200, 200),
    "operations:messages": StaffRow(200, 403, 200, 200),
    "operations:message": StaffRow(404, 403, 404, 404),
    "operations:retry": StaffRow(404, 403, 403, 403),
    "operations:retry_many": StaffRow(200, 403, 403, 403),
    "operations:provisioning": StaffRow(200, 403, 403, 200),
    "operations:resume": StaffRow(404, 403, 403, 403),
    "operations:tasks": StaffRow(200, 403, 403, 200),
    "operations:channels": StaffRow(200, 403, 403, 200),
    "operations:migrations": StaffRow(200, 403, 403, 200),
    "operations:hosts": StaffRow(200, 403, 403, 200),
    # The audit trail: whoever may read it, in their contracts
    "audit:events": StaffRow(403, 403, 403, 200),
    "audit:export": StaffRow(403, 403, 403, 200),
    # Webhooks: to see for auditors, to change for operators and contract admins; one that is not
    "webhooks:endpoints": StaffRow(200, 200, 403, 200),
    "webhooks:endpoint_new": StaffRow(200, 200, 403, 403),
    "webhooks:endpoint": StaffRow(404, 404, 403, 404),
    "webhooks:endpoint_edit": StaffRow(404, 404, 403, 403),
    "webhooks:rotate": StaffRow(404, 404, 403, 403),
    "webhooks:test": StaffRow(404, 404, 403, 403),
    "webhooks:pause": StaffRow(404, 404, 403, 403),
    "webhooks:resume": StaffRow(404, 404, 403, 403),
    "webhooks:replay_many": StaffRow(404, 404, 403, 403),
    "webhooks:delete": StaffRow(404, 404, 403, 403),
    "webhooks:deliveries": StaffRow(404, 404, 403, 404),
    "webhooks:delivery": StaffRow(404, 404, 403, 404),
    "webhooks:replay": StaffRow(404, 404, 403, 403),
    # The roster of a contract that does not exist
    "roster:overview": all_roster_views(404),
    "roster:empty_file": all_roster_views(404),
    "roster:imports": all_roster_views(404),
    "roster:import": all_roster_views(404),
    "roster:import_back": all_staff(405),
    "roster:upload": all_roster_views(404),
    "roster:upload_progress": all_roster_views(404),
    "roster:upload_changes": all_roster_views(404),
    "roster:rejected": all_roster_views(404),
    "roster:upload_new": StaffRow(404, 404, 403, 403),
    "roster:parts": StaffRow(404, 404, 403, 403),
    "roster:upload_confirm": StaffRow(404, 404, 403, 403),
    "roster:upload_begin": all_staff(405),
    "roster:upload_cancel": all_staff(405),
    "roster:entries": all_roster_views(404),
    "roster:entry": all_roster_views(404),
    "roster:entry_new": StaffRow(404, 404, 403, 403),
    "roster:entry_edit": StaffRow(404, 404, 403, 403),
    "roster:entry_take_off": StaffRow(404, 404, 403, 403),
    "roster:mailings": all_roster_views(404),
    "roster:mailing": all_roster_views(404),
    "roster:mailing_progress": all_roster_views(404),
    "roster:mailing_new": StaffRow(404, 404, 403, 403),
    "roster:entry_mailing": StaffRow(404, 404, 403, 403),
    "roster:codes_revoke": StaffRow(404, 404, 403, 403),
    "roster:entry_revoke": StaffRow(404, 404, 403, 403),
    "roster:mailing_take": StaffRow(404, 404, 403, 403),
    "roster:export": StaffRow(404, 404, 403, 403),
    "roster:identifier_release": StaffRow(404, 404, 403, 403),
    "roster:identifier_move": StaffRow(404, 404, 403, 403),
    # Nobody's
    "staff_recovery": all_staff(404),
    "staff:account": all_staff(404),
    "staff:account_history": all_staff(404),
    "staff:act": all_staff(404),
    "staff:registration": all_staff(404),
    "staff:request": all_staff(404),
    "staff:request_account": all_staff(405),
    "approvals:approval": all_staff(404),
    "disputes:decide": all_staff(404),
    "staff:request_write": all_staff(404),
    "staff:request_letter": all_staff(404),
    "staff:request_take": all_staff(405),
    "staff:request_give_back": all_staff(405),
}
