"""The tests' settings for a web server that is measured: messages go to the workers' queue.

Passwords are hashed as at work where `PORTAL_TEST_REAL_HASHES` is set, else for next to nothing.
"""

import os

from config.settings.test import *  # noqa: F403

CELERY_TASK_ALWAYS_EAGER = False
PORTAL_WATCH_REGISTRY = True
if os.environ.get("PORTAL_TEST_REAL_HASHES"):
    PASSWORD_HASHERS = ["core.accounts.passwords.hashers.PortalArgon2Hasher"]
