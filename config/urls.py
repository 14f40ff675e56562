"""One table of addresses for the portal host, `/<slug>/` and contract hosts alike.

The contract's slug is moved into the script prefix before this table is read.
"""

from django.urls import URLPattern, URLResolver, include, path

from config import health
from core.staff.views import oidc

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("", include("tenants.urls")),
    path("", include("core.accounts.urls")),
    path("", include("core.mfa.urls")),
    path("login/employees/", oidc.employee_login, name="employee_login"),
    path("staff/contracts/", include("contracts.console.urls")),
    path("staff/audit/", include("contracts.console.audit.urls")),
    path("staff/webhooks/", include("contracts.console.webhooks.urls")),
    path("staff/operations/", include("contracts.console.operations.urls")),
    path("staff/contracts/<slug:slug>/notices/", include("contracts.console.notices.urls")),
    path("staff/contracts/<slug:slug>/figures/", include("contracts.console.figures.urls")),
    path("staff/contracts/<slug:slug>/go-live/", include("contracts.console.going_live.urls")),
    path("staff/contracts/<slug:slug>/hosts/", include("contracts.console.hosts.urls")),
    path("staff/contracts/<slug:slug>/roster/", include("contracts.roster.urls")),
    path("staff/disputes/", include("contracts.disputes.staff_urls")),
    path("staff/approvals/", include("contracts.registration.staff_urls")),
    path("staff/", include("core.staff.urls")),
    path("", include("core.groups.urls")),
    path("", include("contracts.disputes.urls")),
    path("", include("contracts.registration.urls")),
    path("preview/", include("contracts.console.previewing.urls")),
    path("api/v1/", include("contracts.api.urls")),
    path("callbacks/", include("core.notifications.callback_urls")),
]

handler400 = "core.ui.views.bad_request"
handler403 = "core.ui.views.permission_denied"
handler404 = "core.ui.views.not_found"
handler500 = "core.ui.views.server_error"
