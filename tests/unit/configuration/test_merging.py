"""Three documents become one: nobody's change is lost unseen."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.console.drafts.merging import merge

BASE = {"brand": {"color": "a", "product": "b"}, "terms": [1], "rule": {"family": "x", "n": 1}}


def after(**fields: Any) -> dict[str, Any]:
    return {**BASE, **fields}


def test_what_one_side_alone_changed_is_kept() -> None:
    draft = after(brand={"color": "mine", "product": "b"}, terms=[1, 2])
    published = after(brand={"color": "a", "product": "theirs"})
    merged = merge(BASE, draft, published)
    assert merged.document == after(brand={"color": "mine", "product": "theirs"}, terms=[1, 2])
    assert (merged.conflicts, merged.taken_over) == ((), ("brand.product",))


def test_what_both_changed_differently_is_chosen() -> None:
    draft, published = after(terms=[1, 2]), after(terms=[1, 3])
    merged = merge(BASE, draft, published)
    (conflict,) = merged.conflicts
    assert (conflict.field, conflict.base) == ("terms", [1])
    assert (conflict.draft, conflict.published) == ([1, 2], [1, 3])
    assert merged.document["terms"] == [1, 2]
    chosen = merge(BASE, draft, published, published_wins=frozenset({"terms"}))
    assert chosen.document["terms"] == [1, 3]


def test_what_both_changed_alike_is_no_conflict() -> None:
    same = after(terms=[9])
    assert merge(BASE, same, same).conflicts == ()


def test_a_rule_of_another_family_is_another_thing() -> None:
    draft = after(rule={"family": "y", "m": 1})
    published = after(rule={"family": "x", "n": 2})
    (conflict,) = merge(BASE, draft, published).conflicts
    assert conflict.field == "rule"
    assert merge(BASE, draft, published).document["rule"] == draft["rule"]


_VALUES = st.recursive(
    st.integers(0, 3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=4,
)
_DOCUMENTS = st.dictionaries(st.sampled_from("xyz"), _VALUES)


@given(base=_DOCUMENTS, draft=_DOCUMENTS, published=_DOCUMENTS)
def test_nothing_of_either_side_is_lost(
    base: dict[str, Any], draft: dict[str, Any], published: dict[str, Any]
) -> None:
    assert merge(base, base, published).document == published
    assert merge(base, draft, base).document == draft
    assert merge(base, draft, draft).document == draft
    merged = merge(base, draft, published)
    if not merged.conflicts:
        assert merge(base, published, draft).document == merged.document
    everything = frozenset(one.field for one in merged.conflicts)
    other = merge(base, published, draft)
    assert merge(base, draft, published, published_wins=everything).document == other.document
