"""A page found clean is looked at anew as soon as anything that axe judges by differs.

The naive ways to know a page again (by its address, by its elements) miss most of these.
"""

import pytest
from playwright.sync_api import Page

from tests.browser.axe import violations_on

CLEAN = """
<html lang="en"><head><title>A page</title></head><body><main>
<h1>Heading</h1><p class="plain">Words</p>
<a id="way" href="#to">A way</a> <img alt="A picture" src="data:,">
<label for="name">Name</label><input id="name"><button>Send</button>
<section id="to" aria-label="One"><p>1</p></section><section aria-label="Two"><p>2</p></section>
</main></body></html>
"""


def test_the_same_state_is_looked_at_once(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page.set_content(CLEAN)
    assert violations_on(page) == []
    monkeypatch.setattr("tests.browser.axe._script", lambda: pytest.fail("looked again"))
    page.set_content(CLEAN.replace("Words", "Other words"))
    assert violations_on(page) == []


@pytest.mark.parametrize(
    ("script", "wrong"),
    [
        ("document.querySelector('h1').textContent = ''", "empty-heading"),
        ("document.title = ''", "document-title"),
        ("document.querySelector('img').removeAttribute('alt')", "image-alt"),
        ("document.querySelector('label').htmlFor = 'nothing'", "label"),
        ("document.querySelector('#way').setAttribute('aria-hidden', 'true')", "aria-hidden-focus"),
        ("document.querySelectorAll('section')[1].ariaLabel = 'One'", "landmark-unique"),
        ("document.querySelector('p').style = 'color: #eee'", "color-contrast"),
    ],
)
def test_what_changed_is_seen(page: Page, script: str, wrong: str) -> None:
    page.set_content(CLEAN)
    assert violations_on(page) == []
    page.evaluate(script)
    assert wrong in "".join(violations_on(page))
