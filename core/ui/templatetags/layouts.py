"""The tag `extends`, in place of Django's: which blocks a layout has is found once.

Django's walks through the whole of the outermost layout each time that a page is rendered.
"""

from typing import Any

from django import template
from django.template.base import Parser, Template, TextNode, Token
from django.template.context import Context
from django.template.loader_tags import (
    BLOCK_CONTEXT_KEY,
    BlockContext,
    BlockNode,
    ExtendsNode,
    do_extends,
)

register = template.Library()
_BLOCKS = "portal_blocks"


class LayoutNode(ExtendsNode):
    """A page or layout that fills the blocks of another."""

    def render(self, context: Context) -> Any:
        """Return the text of the outermost layout with the blocks filled, as Django does it."""
        parent: Any = self.get_parent(context)
        found: Any = context.render_context
        blocks = found.setdefault(BLOCK_CONTEXT_KEY, BlockContext())
        blocks.add_blocks(self.blocks)
        blocks.add_blocks(_outermost_blocks(parent))
        with context.render_context.push_state(parent, isolated_context=False):
            return parent._render(context)  # noqa: SLF001 - so that the context stays the same


@register.tag
def extends(parser: Parser, token: Token) -> LayoutNode:
    """Say which layout the page has: `{% extends "layouts/narrow.html" %}`."""
    node = do_extends(parser, token)
    return LayoutNode(node.nodelist, node.parent_name)


def _outermost_blocks(layout: Template) -> dict[str, BlockNode]:
    """Return the blocks of a layout that fills no other's; of one that does, none."""
    found: dict[str, BlockNode] | None = getattr(layout, _BLOCKS, None)
    if found is None:
        nodes: Any = layout.nodelist
        first = next((node for node in nodes if not isinstance(node, TextNode)), None)
        own = [] if isinstance(first, ExtendsNode) else nodes.get_nodes_by_type(BlockNode)
        found = {node.name: node for node in own}
        setattr(layout, _BLOCKS, found)
    return found
