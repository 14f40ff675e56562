"""The static files with digests in their names, as the local portal serves them."""

import fcntl
import hashlib

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect_static() -> bool:
    """Collect the static files unless nothing changed since last time; say whether it did."""
    root = settings.STATIC_ROOT
    root.mkdir(exist_ok=True)
    stamp = root / ".made-from"
    with (root / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = _digest()
        if stamp.exists() and stamp.read_text() == wanted:
            return False
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(wanted)
        return True


def _digest() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            seen = f"{path}\0{storage.size(path)}\0{storage.get_modified_time(path)}\0"
            digest.update(seen.encode())
    return digest.hexdigest()
