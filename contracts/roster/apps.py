"""The app's registration with Django."""

from django.apps import AppConfig


class RosterConfig(AppConfig):
    name = "contracts.roster"
    label = "contracts_roster"
    verbose_name = "Rosters"

    def ready(self) -> None:
        from contracts.roster import messages
        from contracts.roster.mailings.plain import plain_letter_pdf
        from core.staff.contract_pages import ContractPage, register_contract_page
        from core.staff.letter_makers import register_letter_maker
        from core.staff.permissions import StaffPermission
        from tenants.states import ContractState

        messages.register_kinds()
        register_letter_maker(plain_letter_pdf)
        view = StaffPermission.ROSTER_VIEW
        ready = frozenset({ContractState.READY})
        register_contract_page(
            ContractPage("roster", "Roster", "roster:overview", view, 40, states=ready)
        )
