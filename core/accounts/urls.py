"""Addresses of sign-in. Only our own pages exist; allauth's are not included."""

from django.urls import path

from core.accounts.views import mail_trouble, pages, reactivation, session, sign_in
from core.accounts.views.account import details, reading, sessions

urlpatterns = [
    path("", sign_in.login_options, name="login_options"),
    path("login/phone/", sign_in.sign_in, {"option": "phone"}, name="sign_in_phone"),
    path("login/email/", sign_in.sign_in, {"option": "email"}, name="sign_in_email"),
    path("login/app/", sign_in.sign_in, {"option": "totp"}, name="sign_in_totp"),
    path("login/passkey/", sign_in.sign_in, {"option": "passkey"}, name="sign_in_passkey"),
    path("login/reactivate/", reactivation.reactivate, name="reactivate"),
    path("logout/", sign_in.sign_out, name="sign_out"),
    path("mail-again/", mail_trouble.mail_again, name="mail_again"),
    path("session/", session.session, name="session"),
    path("mfa-help/", pages.mfa_help, name="mfa_help"),
    path("account/details/", details.details, name="account_details"),
    path("account/sessions/", sessions.sessions, name="account_sessions"),
    path("account/sessions/others/end/", sessions.end_others, name="account_sessions_end"),
    path("account/sessions/<uuid:sign_in>/end/", sessions.end_one, name="account_session_end"),
    path("account/history/", reading.history, name="account_history"),
    path("account/rules/", reading.rules, name="account_rules"),
]
