"""Addresses of MFA registration and of the second factor at sign-in."""

from django.urls import path

from core.mfa.views import (
    challenge,
    confirm,
    factors,
    first_login,
    help_pages,
    links,
    passkeys,
    registration,
    registration_factors,
    reset,
    step_up,
    well_known,
)
from core.mfa.views.account import browsers, changes, own_data, password

app_name = "mfa"
urlpatterns = [
    # Tried one after the other: each sign-in asks for this one five times.
    path("login/verify/", challenge.challenge, name="challenge"),
    path("login/verify/call/", challenge.challenge_call_state, name="challenge_call_state"),
    path("first-login/", first_login.first_login, name="first_login"),
    path("mfa/link/<str:token>/", links.link, name="registration_link"),
    path("mfa/link-ended/", links.link_ended, name="link_ended"),
    path(".well-known/webauthn", well_known.webauthn, name="webauthn"),
    path("mfa/method/", registration.method, name="method"),
    path("mfa/email/", registration.email, name="email"),
    path("mfa/password/", registration.password, name="password"),
    path("mfa/phone/", registration.phone, name="phone"),
    path("mfa/phone/verify/", registration.phone_verify, name="phone_verify"),
    path("mfa/phone/call/", registration.call_state, name="call_state"),
    path("mfa/app/", registration_factors.app, name="app"),
    path("mfa/app/code.svg", registration_factors.app_code, name="app_code"),
    path("mfa/passkey/", registration_factors.passkey, name="passkey"),
    path("mfa/paused/", registration.paused, name="paused"),
    path("confirm/", confirm.confirm, name="confirm"),
    path("confirm/verify/", confirm.confirm_proof, name="confirm_proof"),
    path("confirm/verify/call/", confirm.confirm_call_state, name="confirm_call_state"),
    path("mfa-help/unfinished/", help_pages.help_unfinished, name="help_unfinished"),
    path("mfa-help/address/", help_pages.help_address, name="help_address"),
    path("mfa-help/request/<str:kind>/", help_pages.help_request, name="help_request"),
    path("mfa-help/requested/", help_pages.help_requested, name="help_requested"),
    path("forgot-password/", reset.forgot, name="forgot"),
    path("forgot-password/code/", reset.reset_code, name="reset_code"),
    path("forgot-password/verify/", reset.reset_proof, name="reset_proof"),
    path("forgot-password/verify/call/", reset.reset_call_state, name="reset_call_state"),
    path("forgot-password/present/", reset.reset_present, name="reset_present"),
    path("forgot-password/new/", reset.reset_password, name="reset_password"),
    path("step-up/", step_up.step_up, name="step_up"),
    path("step-up/call/", step_up.step_up_call_state, name="step_up_call_state"),
    path("account/email/", changes.email, name="account_email"),
    path("account/email/<uuid:change_id>/", changes.email_verify, name="account_email_verify"),
    path("account/phone/", changes.phone, name="account_phone"),
    path("account/phone/<uuid:change_id>/", changes.phone_verify, name="account_phone_verify"),
    path(
        "account/phone/<uuid:change_id>/call/", changes.phone_call_state, name="account_phone_call"
    ),
    path("account/password/", password.password, name="account_password"),
    path("account/browsers/", browsers.browsers, name="account_browsers"),
    path("account/browsers/forget/", browsers.forget_all, name="account_browsers_forget"),
    path(
        "account/browsers/<uuid:browser_id>/forget/",
        browsers.forget_one,
        name="account_browser_forget",
    ),
    path("account/data/", own_data.own_data, name="account_data"),
    path("account/factors/", factors.factors, name="factors"),
    path("account/factors/app/", factors.add_app, name="factor_app"),
    path("account/factors/app/code.svg", factors.app_code, name="factor_app_code"),
    path("account/factors/app/remove/", factors.remove_app, name="factor_app_remove"),
    path("account/factors/passkey/", passkeys.add, name="factor_passkey"),
    path("account/factors/passkey/<uuid:key>/name/", passkeys.rename, name="factor_passkey_name"),
    path(
        "account/factors/passkey/<uuid:key>/remove/", passkeys.remove, name="factor_passkey_remove"
    ),
    path("account/factors/recovery-codes/", factors.recovery_codes, name="factor_recovery"),
]
