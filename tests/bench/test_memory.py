"""What a web process holds between password hashes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT_MB = 150
# What a web process has loaded once it has served its first pages.
SERVE = """
import django
django.setup()
from django.test import Client
from django.contrib.auth.hashers import make_password
client = Client(headers={"host": "localhost"})
for path in ("/", "/wv-bh/", "/wv-bh/register/", "/ms-um/terms/", "/login/email/") * 5:
    assert client.get(path).status_code == 200, path
make_password("a password that is hashed once")
print(open("/proc/self/status").read())
"""


@pytest.mark.django_db(transaction=True)
def test_a_web_process_stays_small(contract_a: object) -> None:
    result = subprocess.run(
        [sys.executable, "-c", SERVE],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    found = re.search(r"VmRSS:\s+(\d+) kB", result.stdout)
    assert found is not None
    held = int(found.group(1)) / 1024
    print(f"\nweb process: {held:.0f} MB of {LIMIT_MB} MB")
    assert held < LIMIT_MB
