"""The tag `url`, in place of Django's: an address that needs nothing but its name is found once.

A page names a dozen of them, and looking one up takes as long as rendering what is around it.
"""

from html import escape

from django import template
from django.template.base import Node, Parser, Token
from django.template.context import Context
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as stock

from core.common.addresses import find_address

register = template.Library()


class AddressNode(Node):
    """An address without arguments, written where it stands."""

    def __init__(self, name: str) -> None:
        self.name = name

    def render(self, context: Context) -> str:
        """Return the address below the contract or host in hand. Raises NoReverseMatch."""
        address = find_address(self.name)
        return escape(address) if context.autoescape else address


@register.tag
def url(parser: Parser, token: Token) -> Node:
    """Find an address by its name: `{% url 'home' %}`; with arguments or `as`, Django's own."""
    node: URLNode = stock(parser, token)
    name = node.view_name.var
    is_plain = isinstance(name, str) and not node.view_name.filters
    if not is_plain or node.args or node.kwargs or node.asvar:
        return node
    return AddressNode(str(name))
