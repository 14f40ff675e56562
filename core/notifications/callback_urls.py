"""Addresses that providers report to."""

from django.urls import path

from core.notifications.callbacks import TopicCallbackView, VoiceCallbackView

app_name = "callbacks"
urlpatterns = [
    path("voice/", VoiceCallbackView.as_view(), name="voice"),
    path("topic/", TopicCallbackView.as_view(), name="topic"),
]
