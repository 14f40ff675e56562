"""The stock way to make a contract's schema, in a process of its own: migrations on save.

`python -m tests.bench.stock_provisioning COUNT` prints the seconds of each, as JSON. Reads the
database's address from STOCK_DATABASE_URL (the owner's login).
"""

import json
import os
import sys
import time

import django
from django.conf import settings


def main(count: int) -> None:
    """Make contracts by saving them, as django-tenants does, and print how long each took."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    from config.databases import database

    settings.DATABASES = {
        "default": {
            **database(os.environ["STOCK_DATABASE_URL"]),
            "ENGINE": "django_tenants.postgresql_backend",
        }
    }
    router = "django_tenants.routers.TenantSyncRouter"
    settings.TENANT_SYNC_ROUTER = router
    settings.DATABASE_ROUTERS = [router]
    # The library's commands come first again.
    settings.SHARED_APPS = ["django_tenants", *_without(settings.SHARED_APPS)]
    settings.INSTALLED_APPS = [*settings.SHARED_APPS, *settings.TENANT_APPS]
    django.setup()
    from tenants.models import Contract, Host

    Contract.auto_create_schema = True
    times = []
    for number in range(count):
        slug = f"stock-{number}"
        began = time.perf_counter()
        contract = Contract(slug=slug, name=slug, schema_name=f"t_stock_{number}")
        contract.save(verbosity=0)
        Host(tenant=contract, domain=f"{slug}.example.org").save()
        times.append(time.perf_counter() - began)
    sys.stdout.write(json.dumps(times))


def _without(names: list[str]) -> list[str]:
    return [name for name in names if name != "django_tenants"]


if __name__ == "__main__":
    main(int(sys.argv[1]))
