"""A browser for a real web server: goes to pages, keeps cookies and sends forms."""

import re
from html import unescape

import requests

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
LONGEST_SECONDS = 60


class FormBrowser(requests.Session):
    """Follows no redirect by itself; what a page's form sends unseen goes with what is typed."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self._hidden: dict[str, str] = {}

    def visit(self, path: str) -> requests.Response:
        """Get a page, and keep what its form sends unseen."""
        answer = self.get(self._address + path, timeout=LONGEST_SECONDS, allow_redirects=False)
        found = _HIDDEN.findall(answer.text.partition("<main")[2])
        self._hidden = {name: unescape(value) for name, value in found} or self._hidden
        return answer

    def submit(self, path: str, data: dict[str, str]) -> requests.Response:
        """Send the form of the page that was visited last."""
        return self.post(
            self._address + path,
            {**self._hidden, **data},
            headers={"Referer": self._address + path},
            timeout=LONGEST_SECONDS,
            allow_redirects=False,
        )
