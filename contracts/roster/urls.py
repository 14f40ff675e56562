"""Addresses of a contract's roster, below the contract's own among those of staff."""

from django.urls import path

from contracts.roster.views import (
    entries,
    exports,
    history,
    identifier_acts,
    mailings,
    overview,
    uploads,
)

app_name = "roster"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("empty.csv", uploads.empty_file, name="empty_file"),
    path("history/", history.imports, name="imports"),
    path("history/<uuid:import_id>/", history.import_, name="import"),
    path("history/<uuid:import_id>/back/", history.back, name="import_back"),
    # Named in config/settings (PORTAL_LARGE_BODY): a whole file may come in one request.
    path("upload/", uploads.upload_new, name="upload_new"),
    path("upload/begin/", uploads.begin, name="upload_begin"),
    path("upload/<uuid:upload_id>/", uploads.upload, name="upload"),
    path("upload/<uuid:upload_id>/parts/", uploads.parts, name="parts"),
    path("upload/<uuid:upload_id>/progress/", uploads.progress, name="upload_progress"),
    path("upload/<uuid:upload_id>/changes/", uploads.changes, name="upload_changes"),
    path("upload/<uuid:upload_id>/rejected.csv", uploads.rejected, name="rejected"),
    path("upload/<uuid:upload_id>/confirm/", uploads.confirm, name="upload_confirm"),
    path("upload/<uuid:upload_id>/cancel/", uploads.cancel, name="upload_cancel"),
    path("entries/", entries.entries, name="entries"),
    path("entries/new/", entries.entry_new, name="entry_new"),
    path("entries/<uuid:entry_id>/", entries.entry, name="entry"),
    path("entries/<uuid:entry_id>/edit/", entries.entry_edit, name="entry_edit"),
    path("entries/<uuid:entry_id>/take-off/", entries.entry_take_off, name="entry_take_off"),
    path("mailings/", mailings.mailings, name="mailings"),
    path("mailings/new/<str:act>/", mailings.mailing_new, name="mailing_new"),
    path(
        "entries/<uuid:entry_id>/mailing/<str:act>/", mailings.entry_mailing, name="entry_mailing"
    ),
    path("mailings/<uuid:mailing_id>/", mailings.mailing, name="mailing"),
    path("mailings/<uuid:mailing_id>/progress/", mailings.progress, name="mailing_progress"),
    path("mailings/<uuid:mailing_id>/take/", mailings.take, name="mailing_take"),
    path("codes/revoke/", mailings.revoke, name="codes_revoke"),
    path("entries/<uuid:entry_id>/codes/revoke/", mailings.entry_revoke, name="entry_revoke"),
    path(
        "entries/<uuid:entry_id>/providers/<uuid:provider_id>/release/",
        identifier_acts.release,
        name="identifier_release",
    ),
    path(
        "entries/<uuid:entry_id>/providers/<uuid:provider_id>/move/",
        identifier_acts.move,
        name="identifier_move",
    ),
    path("export/", exports.export, name="export"),
]
