"""A provider that writes down each call, and does not answer while it is told to wait."""

import os
import time
from pathlib import Path

from core.notifications.channels.base import ChannelReceipt, Sender
from core.notifications.kinds import Rendered

WAIT = "wait"


class FolderChannel:
    """Writes to the folder that `PORTAL_TEST_CALLS` names."""

    def __init__(self) -> None:
        self._folder = Path(os.environ["PORTAL_TEST_CALLS"])

    def send(self, rendered: Rendered, *, sender: Sender, reference: str) -> ChannelReceipt:
        """Note the call; while the file `wait` is there, keep the caller waiting."""
        with (self._folder / "calls").open("a") as calls:
            calls.write(f"{reference}\n")
        while (self._folder / WAIT).exists():
            time.sleep(0.05)
        return ChannelReceipt(reference="taken")
