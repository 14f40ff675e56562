"""Addresses of the API, version 1 (docs/api.md says what a version promises)."""

from django.urls import path

from contracts.api.resources.accounts import AccountView, LookUpView, act_addresses
from contracts.api.resources.audit import EventsView, EventView
from contracts.api.resources.codes import (
    CodesRevocationView,
    CodesView,
    MailingsView,
    MailingTakeView,
    MailingView,
    RemindersView,
)
from contracts.api.resources.configuration import (
    ConfigurationView,
    ContractsWriteView,
    PlansView,
    RollbackView,
)
from contracts.api.resources.contracts import ContractView, RevisionsView, RevisionView
from contracts.api.resources.deliveries import (
    DeliveriesView,
    DeliveryReplayView,
    DeliveryView,
)
from contracts.api.resources.entries import EntriesView, EntryView
from contracts.api.resources.groups import (
    GroupMembersView,
    GroupProvidersView,
    GroupsView,
    GroupView,
    ProvidersView,
    ProviderView,
)
from contracts.api.resources.publications import (
    PublicationsView,
    PublicationView,
    WithdrawalView,
)
from contracts.api.resources.roster_template import RosterTemplateView
from contracts.api.resources.token import TokenView
from contracts.api.resources.uploads import (
    CancelView,
    ChangesView,
    ContentView,
    RejectionsView,
    SwapView,
    UploadsView,
    UploadView,
)
from contracts.api.resources.webhook_acts import (
    DeletionView,
    PauseView,
    ReplaysView,
    ResumeView,
    RotationView,
    TestView,
)
from contracts.api.resources.webhooks import WebhooksView, WebhookView
from contracts.api.views import index, openapi, reference

_CONTRACT = "contracts/<slug:slug>"
_ROSTER = f"{_CONTRACT}/roster"
_UPLOAD = f"{_ROSTER}/uploads/<uuid:upload_id>"
_WEBHOOK = "webhooks/<uuid:endpoint_id>"
_DELIVERY = f"{_WEBHOOK}/deliveries/<uuid:message_id>"

app_name = "api"
urlpatterns = [
    path("", index, name="index"),
    path("openapi.json", openapi, name="openapi"),
    path("docs/", reference, name="reference"),
    path("token/", TokenView.as_view(), name="token"),
    path("audit/events/", EventsView.as_view(), name="events"),
    path("audit/events/<uuid:event_id>/", EventView.as_view(), name="event"),
    path("plans/", PlansView.as_view(), name="plans"),
    path("contracts/", ContractsWriteView.as_view(), name="contracts"),
    path(f"{_CONTRACT}/", ContractView.as_view(), name="contract"),
    path(f"{_CONTRACT}/configuration/", ConfigurationView.as_view(), name="configuration"),
    path(f"{_CONTRACT}/rollback/", RollbackView.as_view(), name="rollback"),
    path(f"{_CONTRACT}/revisions/", RevisionsView.as_view(), name="revisions"),
    path(f"{_CONTRACT}/revisions/<int:number>/", RevisionView.as_view(), name="revision"),
    path(f"{_CONTRACT}/publications/", PublicationsView.as_view(), name="publications"),
    path(
        f"{_CONTRACT}/publications/<uuid:publication_id>/",
        PublicationView.as_view(),
        name="publication",
    ),
    path(
        f"{_CONTRACT}/publications/<uuid:publication_id>/withdraw/",
        WithdrawalView.as_view(),
        name="withdrawal",
    ),
    path(f"{_ROSTER}/entries/", EntriesView.as_view(), name="entries"),
    path(f"{_ROSTER}/entries/<uuid:entry_id>/", EntryView.as_view(), name="entry"),
    path(f"{_ROSTER}/template/", RosterTemplateView.as_view(), name="roster_template"),
    path(f"{_ROSTER}/uploads/", UploadsView.as_view(), name="uploads"),
    path(f"{_UPLOAD}/", UploadView.as_view(), name="upload"),
    path(f"{_UPLOAD}/content/", ContentView.as_view(), name="upload_content"),
    path(f"{_UPLOAD}/rejections/", RejectionsView.as_view(), name="upload_rejections"),
    path(f"{_UPLOAD}/changes/", ChangesView.as_view(), name="upload_changes"),
    path(f"{_UPLOAD}/swap/", SwapView.as_view(), name="upload_swap"),
    path(f"{_UPLOAD}/cancel/", CancelView.as_view(), name="upload_cancel"),
    path(f"{_ROSTER}/codes/", CodesView.as_view(), name="codes"),
    path(f"{_ROSTER}/codes/revoke/", CodesRevocationView.as_view(), name="codes_revocation"),
    path(f"{_ROSTER}/reminders/", RemindersView.as_view(), name="reminders"),
    path(f"{_ROSTER}/mailings/", MailingsView.as_view(), name="mailings"),
    path(f"{_ROSTER}/mailings/<uuid:mailing_id>/", MailingView.as_view(), name="mailing"),
    path(
        f"{_ROSTER}/mailings/<uuid:mailing_id>/take/",
        MailingTakeView.as_view(),
        name="mailing_take",
    ),
    path("webhooks/", WebhooksView.as_view(), name="webhooks"),
    path(f"{_WEBHOOK}/", WebhookView.as_view(), name="webhook"),
    path(f"{_WEBHOOK}/rotate/", RotationView.as_view(), name="webhook_rotate"),
    path(f"{_WEBHOOK}/pause/", PauseView.as_view(), name="webhook_pause"),
    path(f"{_WEBHOOK}/resume/", ResumeView.as_view(), name="webhook_resume"),
    path(f"{_WEBHOOK}/test/", TestView.as_view(), name="webhook_test"),
    path(f"{_WEBHOOK}/replay/", ReplaysView.as_view(), name="webhook_replay"),
    path(f"{_WEBHOOK}/delete/", DeletionView.as_view(), name="webhook_delete"),
    path(f"{_WEBHOOK}/deliveries/", DeliveriesView.as_view(), name="deliveries"),
    path(f"{_DELIVERY}/", DeliveryView.as_view(), name="delivery"),
    path(f"{_DELIVERY}/replay/", DeliveryReplayView.as_view(), name="delivery_replay"),
    path(f"{_CONTRACT}/providers/", ProvidersView.as_view(), name="providers"),
    path(f"{_CONTRACT}/providers/<uuid:provider_id>/", ProviderView.as_view(), name="provider"),
    path("groups/", GroupsView.as_view(), name="groups"),
    path("groups/<uuid:group_id>/", GroupView.as_view(), name="group"),
    path("groups/<uuid:group_id>/providers/", GroupProvidersView.as_view(), name="group_providers"),
    path("groups/<uuid:group_id>/members/", GroupMembersView.as_view(), name="group_members"),
    path("accounts/look-up/", LookUpView.as_view(), name="look_up"),
    path("accounts/<uuid:account_id>/", AccountView.as_view(), name="account"),
    *act_addresses(),
]
