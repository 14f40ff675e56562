"""The app's registration with Django."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "contracts.console"
    label = "contracts_console"
    verbose_name = "Contract console"

    def ready(self) -> None:
        from contracts.console import messages, publication_messages
        from contracts.console.going_live.messages import register_trial_kinds
        from contracts.console.operations.needs import operations_needs
        from contracts.console.publications.needs import publication_needs
        from contracts.console.webhooks.needs import webhook_needs
        from core.staff.contract_pages import ContractPage, register_contract_page
        from core.staff.needs import register_needs
        from core.staff.permissions import StaffPermission
        from tenants.states import CONFIGURED

        messages.register_kinds()
        register_trial_kinds()
        register_needs(operations_needs)
        register_needs(publication_needs)
        register_needs(webhook_needs)
        publication_messages.register_publication_kinds()
        view = StaffPermission.CONTRACTS_VIEW
        register_contract_page(ContractPage("overview", "Overview", "console:contract", view, 10))
        configure = StaffPermission.CONTRACTS_CONFIGURE
        register_contract_page(ContractPage("draft", "Draft", "console:draft", configure, 20))
        register_contract_page(ContractPage("notices", "Notices", "notices:list", view, 50))
        reports = StaffPermission.REPORTS_VIEW
        register_contract_page(ContractPage("figures", "Figures", "figures:figures", reports, 60))
        register_contract_page(ContractPage("going_live", "Go live", "going_live:list", view, 70))
        register_contract_page(ContractPage("hosts", "Hosts", "hosts:list", view, 65))
        asks = StaffPermission.REGISTRATIONS_VIEW
        register_contract_page(
            ContractPage("simulator", "Simulator", "console:simulator", asks, 35, states=CONFIGURED)
        )
        register_contract_page(ContractPage("state", "Status", "console:state", view, 80))
        register_contract_page(ContractPage("history", "History", "console:history", view, 90))
