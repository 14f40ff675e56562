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
import time
import django
django.setup()
from django.test import Client
from django.contrib.auth.hashers import make_password
client = Client(headers={"host": "localhost"})
for path in ("/", "/wv-bh/", "/wv-bh/register/", "/ms-um/terms/", "/login/email/") * 5:
    assert client.get(path).status_code == 200, path
make_password("a password that is hashed once")
from core.accounts.passwords.block_lists import common_list
from core.accounts.passwords.rules import PasswordRules, broken_rules
assert common_list() is not None, "make assets"
began = time.process_time()
for number in range(1000):
    broken_rules(f"Marigold-{number * 7919}-lamps", rules=PasswordRules(14), words=())
print("rules of a password: %.2f ms" % (time.process_time() - began))
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
    rules = re.search(r"rules of a password: .*", result.stdout)
    print(f"\nweb process: {held:.0f} MB of {LIMIT_MB} MB; {rules and rules.group(0)}")
    assert held < LIMIT_MB
