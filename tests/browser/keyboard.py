"""A person without a mouse: Tab, Shift+Tab, Enter, Space, arrows and typing, nothing else.

Every control on the way must show that it has the focus and lie where it can be seen.
"""

from typing import Any, Final

from playwright.sync_api import Page, expect

MOST_STOPS: Final = 80
# What the focused element looks like with the focus and, for a moment, without it. The design
# system draws some rings on the pseudo-elements of a label, so those are looked at too.
_LOOK: Final = """async () => {
  const element = document.activeElement;
  const isSeen = () => {
    const box = element.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return Boolean(top) && (element.contains(top) || top.contains(element));
  };
  // The browser scrolls to what has the focus with its next pictures.
  for (let picture = 0; picture < 60 && !isSeen(); picture += 1) {
    await new Promise((done) => requestAnimationFrame(() => done()));
  }
  const look = () => [null, "::before", "::after"].map((part) => {
    const style = getComputedStyle(element, part);
    const outline = style.outlineStyle === "none" ? "none" : style.outline;
    return `${outline} / ${style.boxShadow}`;
  }).join(" | ");
  const [seen, focused] = [isSeen(), look()];
  element.blur();
  const plain = look();
  element.focus({preventScroll: true});
  return {focused, plain, seen, html: element.outerHTML.slice(0, 160)};
}"""
_WHAT: Final = """() => {
  const element = document.activeElement;
  const labelled = (element.getAttribute("aria-labelledby") || "").split(" ")
    .map((id) => document.getElementById(id)?.textContent || "").join(" ");
  const words = element.getAttribute("aria-label") || labelled.trim()
    || (element.labels && element.labels.length ? element.labels[0].textContent : "")
    || element.textContent || "";
  return {
    tag: element.tagName.toLowerCase(),
    words: words.replace(/[*]/g, " ").replace(/\\s+/g, " ").trim(),
    is_summary: element.hasAttribute("data-error-summary"),
    in_main: Boolean(element.closest("main")),
  };
}"""


class Keyboard:
    """The keys of one page, and what has the focus on it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def focus(self) -> dict[str, Any]:
        """Return tag, accessible words and place of what has the focus."""
        found: dict[str, Any] = self.page.evaluate(_WHAT)
        return found

    def tab_to(self, words: str, *, tag: str = "", back: bool = False, part: bool = False) -> None:
        """Press Tab (or Shift+Tab) until a control has the focus with these words, or `part`ly."""
        # Chromium scrolls to what has the focus once: a stylesheet that comes later moves it away.
        self.page.wait_for_load_state()
        passed = []
        for _ in range(MOST_STOPS):
            found = self.focus()
            fits = words in found["words"] if part else words == found["words"]
            if fits and found["tag"] in (tag or found["tag"]).split():
                return
            passed.append(f"{found['tag']} {found['words'][:40]!r}")
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            self._expect_seen()
        raise AssertionError(f"{self.page.url}: Tab never came to {words!r}, but to {passed}")

    def type_into(self, words: str, text: str) -> None:
        """Tab to a field and type."""
        self.tab_to(words, tag="input select textarea")
        self.page.keyboard.type(text)

    def press_on(
        self, words: str, key: str = "Enter", *, back: bool = False, part: bool = False
    ) -> None:
        """Tab to a link, button or box and press a key on it."""
        self.tab_to(words, tag="a button input summary", back=back, part=part)
        self.page.keyboard.press(key)

    def expect_heading(self, text: str) -> None:
        """Check that the answer to what was pressed begins at its heading, or at its message."""
        heading = self.page.get_by_role("heading", level=1)
        expect(heading).to_have_text(text)
        expect(self.page.locator("main :focus")).to_be_visible()
        found = self.focus()
        assert found["tag"] in {"h1", "input"} or found["is_summary"], found

    def _expect_seen(self) -> None:
        if self.page.evaluate("document.activeElement === document.body"):
            return  # past the last control, in the browser's own bars
        look = self.page.evaluate(_LOOK)
        assert look["focused"] != look["plain"], f"{self.page.url}: no ring on {look['html']}"
        assert look["seen"], f"{self.page.url}: covered or off the screen: {look['html']}"
