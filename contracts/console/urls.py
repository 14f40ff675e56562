"""Addresses of the console, under those of staff."""

from django.urls import path

from contracts.console.views import (
    brand,
    carrying_over,
    contracts,
    data_exports,
    deletion,
    drafts,
    new_contract,
    previews,
    publications,
    sections,
    simulator,
    standing,
)

app_name = "console"
urlpatterns = [
    path("", contracts.contracts, name="contracts"),
    path("new/", new_contract.new_contract, name="new_contract"),
    path("<slug:slug>/", contracts.contract, name="contract"),
    path("<slug:slug>/draft/", drafts.draft, name="draft"),
    path("<slug:slug>/draft/toml/", drafts.draft_toml, name="draft_toml"),
    path("<slug:slug>/draft.toml", drafts.draft_download, name="draft_download"),
    path("<slug:slug>/draft/review/", publications.review, name="draft_review"),
    path("<slug:slug>/draft/carry-over/", carrying_over.carry_over, name="draft_carry_over"),
    path("<slug:slug>/draft/discard/", drafts.draft_discard, name="draft_discard"),
    path("<slug:slug>/preview/<slug:of>/", previews.preview, name="preview"),
    path(
        "<slug:slug>/preview/<slug:of>/links/", previews.preview_link_make, name="preview_link_make"
    ),
    path(
        "<slug:slug>/preview/<slug:of>/links/<uuid:link_id>/take-back/",
        previews.preview_link_take_back,
        name="preview_link_take_back",
    ),
    path("<slug:slug>/preview/<slug:of>/shown/", previews.preview_shown, name="preview_pages"),
    path(
        "<slug:slug>/preview/<slug:of>/shown/<path:rest>",
        previews.preview_shown,
        name="preview_page",
    ),
    path("<slug:slug>/simulator/", simulator.simulator, name="simulator"),
    path("<slug:slug>/status/", standing.state, name="state"),
    path("<slug:slug>/status/delete/", deletion.deletion, name="deletion"),
    path("<slug:slug>/data/", data_exports.data_exports, name="data_exports"),
    path("<slug:slug>/data/<uuid:export_id>/", data_exports.data_export, name="data_export"),
    path(
        "<slug:slug>/data/<uuid:export_id>/progress/",
        data_exports.data_export_progress,
        name="data_export_progress",
    ),
    path(
        "<slug:slug>/data/<uuid:export_id>/delete/",
        data_exports.data_export_delete,
        name="data_export_delete",
    ),
    path("<slug:slug>/status/<uuid:change_id>/withdraw/", standing.withdraw, name="state_withdraw"),
    path("<slug:slug>/status/<str:to>/", standing.change, name="state_change"),
    path(
        "<slug:slug>/publications/<uuid:publication_id>/",
        publications.publication,
        name="publication",
    ),
    path(
        "<slug:slug>/publications/<uuid:publication_id>/progress/",
        publications.progress,
        name="publication_progress",
    ),
    path(
        "<slug:slug>/publications/<uuid:publication_id>/decide/",
        publications.decide,
        name="publication_decide",
    ),
    path(
        "<slug:slug>/publications/<uuid:publication_id>/withdraw/",
        publications.withdraw,
        name="publication_withdraw",
    ),
    path(
        "<slug:slug>/publications/<uuid:publication_id>/go-on/",
        publications.go_on,
        name="publication_go_on",
    ),
    path("<slug:slug>/history/", contracts.history, name="history"),
    path("<slug:slug>/revisions/<int:number>/", contracts.revision, name="revision"),
    path("<slug:slug>/revisions/<int:number>.toml", contracts.revision_toml, name="revision_toml"),
    path("<slug:slug>/revisions/<int:number>/rollback/", contracts.rollback, name="rollback"),
    path("<slug:slug>/draft/brand/", brand.draft_brand, name="draft_brand"),
    # Last: other pages of a draft are no sections.
    path("<slug:slug>/draft/<slug:section>/", sections.draft_section, name="draft_section"),
]
