"""The tests' settings for a worker process: tasks go through the broker, messages to a folder."""

import os

from config.settings.test import *  # noqa: F403
from config.settings.test import CELERY_BROKER_URL as _TESTS_BROKER
from config.settings.test import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, "tests.support.worker.apps.SampleMessagesConfig"]
CELERY_TASK_ALWAYS_EAGER = False
CELERY_BROKER_URL = os.environ.get("PORTAL_TEST_BROKER", _TESTS_BROKER)
_FOLDER = "tests.support.worker.channel.FolderChannel"
PORTAL_CHANNELS = {"email": _FOLDER, "sms": _FOLDER, "voice": _FOLDER}
