"""Addresses of MFA registration and of the second factor at sign-in."""

from django.urls import path

from core.mfa.views import challenge, registration

app_name = "mfa"
urlpatterns = [
    path("mfa/method/", registration.method, name="method"),
    path("mfa/email/", registration.email, name="email"),
    path("mfa/password/", registration.password, name="password"),
    path("mfa/phone/", registration.phone, name="phone"),
    path("mfa/phone/verify/", registration.phone_verify, name="phone_verify"),
    path("mfa/phone/call/", registration.call_state, name="call_state"),
    path("mfa/paused/", registration.paused, name="paused"),
    path("login/verify/", challenge.challenge, name="challenge"),
    path("login/verify/call/", challenge.challenge_call_state, name="challenge_call_state"),
]
