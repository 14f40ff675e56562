"""Look at a page with axe, and at no page twice in the same state.

Many walks come by the same pages, and a look takes more of the processor than the page itself. So
what axe judges by is taken down first: the elements with their attributes, which of them are filled
in, checked or in focus, the size of the window. Of words it counts where there are some, about how
many, and which are the same; what they say is nothing to axe. A page that was found clean in this
very state is not looked at again.
"""

from functools import cache
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_OPTIONS: Final = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    # What passed need not be described and carried over: it is most of what axe has to tell.
    "resultTypes": ["violations"],
}
_LAYOUT: Final = {
    **_OPTIONS,
    "runOnly": {
        "type": "rule",
        "values": ["color-contrast", "scrollable-region-focusable", "target-size"],
    },
}
"""What another width can break of a page that was found clean at one."""
_LOOK: Final = """
options => axe.run(options).then(results => results.violations.map(
  found => `${found.id}: ${found.help}: ${found.nodes[0].html.slice(0, 200)}`
))
"""
_STATE: Final = r"""
() => {
  const met = new Map();
  const words = text => {
    const said = text.trim();
    if (!met.has(said)) met.set(said, met.size);
    return `${met.get(said)} ${Math.ceil(said.length / 100)}`;
  };
  const read = /^(alt|aria-description|aria-label|content|datetime|placeholder|title)$/;
  const names = /^(id|for|aria-(controls|describedby|errormessage|labelledby|owns))$/;
  const leads = /^(href|action|hx-.*)$/;  // where to is nothing to axe, unless on the page itself
  const states = [":checked", ":disabled", ":invalid", ":focus", ":focus-visible"];
  const write = (element, {name, value}) => {
    if (element.localName === "link" && name === "href") return value.split("/").pop();
    if (leads.test(name) && value.startsWith("#")) return `${name}=${words(value.slice(1))}`;
    if (name === "value" || leads.test(name)) return name;
    if (names.test(name)) return `${name}=${value.split(" ").map(words)}`;
    if (name.startsWith("data-") && /^\d+$|.{20}/.test(value)) return name;
    return `${name}=${read.test(name) ? words(value) : value}`;
  };
  const parts = [innerWidth, innerHeight, scrollY > 0, Boolean(document.title.trim())];
  const depths = new Map([[document, 0]]);
  const shown = NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT;
  const walker = document.createTreeWalker(document, shown);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) {
      if (node.parentNode.localName === "style") parts.push(node.data);
      else parts.push(words(node.data));
      continue;
    }
    const depth = depths.get(node.parentNode) + 1;
    depths.set(node, depth);
    parts.push(depth, node.localName, ...[...node.attributes].map(one => write(node, one)));
    parts.push(...states.filter(state => node.matches(state)));
    if ("value" in node) parts.push(Boolean(node.value));
    if (node.matches("a:hover, button:hover, label:hover, input:hover")) parts.push("hover");
  }
  return parts.join("\n");
}
"""
_clean: Final[set[str]] = set()


def violations_on(page: Page, *, layout_only: bool = False) -> list[str]:
    """Return what axe finds wrong with the page as it stands; WCAG 2.2 A and AA.

    Of a page that was looked at in another width the layout is enough.
    """
    page.wait_for_load_state()
    state = f"{layout_only} {page.evaluate(_STATE)}"
    if state in _clean:
        return []
    if not page.evaluate("'axe' in window"):
        page.evaluate(_script())
    found: list[Any] = page.evaluate(_LOOK, _LAYOUT if layout_only else _OPTIONS)
    if not found:
        _clean.add(state)
    return [str(violation) for violation in found]


@cache
def _script() -> str:
    return str(Axe().axe_script)
