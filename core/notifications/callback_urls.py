"""Addresses that providers report to."""

from django.urls import path

from core.notifications.callbacks import VoiceCallbackView

app_name = "callbacks"
urlpatterns = [path("voice/", VoiceCallbackView.as_view(), name="voice")]
