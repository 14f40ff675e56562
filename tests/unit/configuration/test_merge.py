"""The strictest rule wins: laws of the merge, and who a value comes from."""

from functools import reduce
from itertools import pairwise
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.configuration.merge import (
    SECTIONS,
    is_as_strict,
    merge_values,
    policy_fields,
    stricter_fields,
    strictest,
    value_of,
)
from tenants.configuration.policy import (
    AccountsSection,
    CodePolicy,
    LinksSection,
    MfaSection,
    PolicySections,
    SessionsSection,
)
from tenants.configuration.presets import CMS_HIGH, DEFAULT, DOCUMENTED
from tests.unit.configuration.documents import changed, sample


def whole(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


@st.composite
def accounts(draw: st.DrawFn) -> AccountsSection:
    days = draw(whole(7, 730))
    classes = ("upper", "lower", "digit", "special")
    return AccountsSection(
        password_min_length=draw(whole(8, 64)),
        password_classes=draw(st.lists(st.sampled_from(classes), unique=True).map(tuple)),
        lock_failures=draw(whole(1, 20)),
        lock_window_minutes=draw(st.none() | whole(1, 10_080)),
        lock_hold_minutes=draw(st.none() | whole(1, 10_080)),
        inactivity_days=days,
        inactivity_warn_days=draw(st.lists(whole(1, days - 1), unique=True, max_size=4).map(tuple)),
    )


mfa = st.builds(
    MfaSection,
    methods=st.lists(
        st.sampled_from(["phone", "email", "totp", "passkey"]), unique=True, min_size=1
    ).map(tuple),
    email_code_seconds=whole(15, 600),
    verify_email_code_seconds=whole(15, 600),
    sms_code_seconds=whole(15, 600),
    voice_code_seconds=whole(15, 600),
    attempts=whole(1, 10),
    voice_confirmation=st.sampled_from(["press_pound", "digits_on_screen"]),
    remember_hours=whole(0, 24),
)
sessions = st.builds(
    SessionsSection,
    idle_minutes=whole(5, 480),
    absolute_hours=whole(1, 24),
    warning_seconds=whole(20, 240),
)
links = st.builds(
    LinksSection,
    registration_minutes=whole(5, 1440),
    invitation_hours=whole(1, 336),
    reset_minutes=whole(5, 1440),
    reset_registration_hours=whole(1, 336),
    reservation_hours=whole(1, 168),
)
policies = st.builds(PolicySections, accounts=accounts(), mfa=mfa, sessions=sessions, links=links)


def values(sections: Any) -> dict[str, Any]:
    """All values in one form: the order of a union says nothing."""
    found = {field: value_of(sections, field) for field in policy_fields()}
    return {
        field: tuple(sorted(value)) if isinstance(value, tuple) else value
        for field, value in found.items()
    }


def as_policy(merged: Any) -> PolicySections:
    return PolicySections(
        accounts=merged.accounts,
        mfa=MfaSection(**merged.mfa.model_dump()),
        sessions=merged.sessions,
        links=merged.links,
    )


@settings(deadline=None)
@given(policies, policies)
def test_merging_is_commutative(one: PolicySections, other: PolicySections) -> None:
    forth = strictest({"one": one, "other": other})
    back = strictest({"other": other, "one": one})
    assert values(forth) == values(back)
    assert forth.origins == back.origins


@settings(deadline=None)
@given(policies, policies, policies)
def test_merging_is_associative(a: PolicySections, b: PolicySections, c: PolicySections) -> None:
    left = strictest({"ab": as_policy(strictest({"a": a, "b": b})), "c": c})
    right = strictest({"a": a, "bc": as_policy(strictest({"b": b, "c": c}))})
    assert values(left) == values(right) == values(strictest({"a": a, "b": b, "c": c}))


@settings(deadline=None)
@given(policies)
def test_merging_with_itself_changes_nothing(policy: PolicySections) -> None:
    assert values(strictest({"one": policy, "same": policy})) == values(policy)
    assert values(strictest({"one": policy})) == values(policy)


@settings(deadline=None)
@given(st.lists(policies, min_size=1, max_size=4))
def test_the_result_is_never_weaker_than_any_of_its_parts(parts: list[PolicySections]) -> None:
    merged = strictest({f"c{place}": part for place, part in enumerate(parts)})
    for field, policy in policy_fields().items():
        for part in parts:
            if field == "accounts.inactivity_warn_days":
                # A warning that would come after the deactivation warns nobody.
                wanted = {
                    day
                    for day in part.accounts.inactivity_warn_days
                    if day < merged.accounts.inactivity_days
                }
                assert wanted <= set(merged.accounts.inactivity_warn_days)
            else:
                assert is_as_strict(policy, value_of(merged, field), value_of(part, field))


@settings(deadline=None)
@given(st.lists(policies, min_size=1, max_size=4))
def test_every_value_is_one_that_a_contract_asks_for(parts: list[PolicySections]) -> None:
    by_slug = {f"c{place}": part for place, part in enumerate(parts)}
    merged = strictest(by_slug)
    for field in policy_fields():
        assert merged.origin(field)
        assert set(merged.origin(field)) <= set(by_slug)
        value = value_of(merged, field)
        if not isinstance(value, tuple):
            assert {value_of(by_slug[slug], field) for slug in merged.origin(field)} == {value}


@settings(deadline=None)
@given(st.lists(policies, min_size=1, max_size=4))
def test_the_order_of_strictness_is_total_for_single_values(parts: list[PolicySections]) -> None:
    for field, policy in policy_fields().items():
        found = [value_of(part, field) for part in parts]
        if not isinstance(found[0], tuple):
            assert reduce(lambda a, b: merge_values(policy, a, b), found) in found
            for one, other in pairwise(found):
                assert is_as_strict(policy, one, other) or is_as_strict(policy, other, one)


def test_every_policy_field_declares_how_it_merges() -> None:
    declared = {
        f"{section}.{name}" for section, model in SECTIONS.items() for name in model.model_fields
    }
    assert set(policy_fields()) == declared
    assert set(SECTIONS) == set(PolicySections.model_fields)


def test_declared_orders_name_exactly_the_choices() -> None:
    for field, policy in policy_fields().items():
        section, name = field.split(".")
        annotation = SECTIONS[section].model_fields[name].annotation
        if get_origin(annotation) is tuple:
            annotation = get_args(annotation)[0]
        if get_origin(annotation) is Literal:
            assert set(policy.order) == set(get_args(annotation))


def test_methods_never_merge() -> None:
    merged = strictest({"default": DEFAULT, "documented": DOCUMENTED})
    assert not hasattr(merged.mfa, "methods")
    assert merged.methods == {
        "default": ("totp", "passkey", "phone"),
        "documented": ("phone", "email"),
    }
    assert type(merged.mfa) is CodePolicy


def test_the_page_can_say_which_contract_asks_for_what() -> None:
    west = sample("wv-bh")
    south = sample("ms-um")
    merged = strictest({"west": west, "south": south})
    assert merged.accounts.password_min_length == 15
    assert merged.origin("accounts.password_min_length") == ("south",)
    assert merged.accounts.lock_failures == 3
    assert merged.origin("accounts.lock_failures") == ("south", "west")


def test_no_end_is_stricter_than_any_time() -> None:
    merged = strictest({"timed": DEFAULT, "endless": DOCUMENTED})
    assert merged.accounts.lock_hold_minutes is None
    assert merged.origin("accounts.lock_hold_minutes") == ("endless",)


def test_a_shorter_inactivity_drops_the_warnings_that_come_too_late() -> None:
    merged = strictest({"default": DEFAULT, "high": CMS_HIGH})
    assert merged.accounts.inactivity_days == 30
    assert merged.accounts.inactivity_warn_days == (20, 27)


def test_nothing_to_merge_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no policy"):
        strictest({})


@settings(deadline=None)
@given(policies)
def test_no_policy_is_stricter_than_itself(policy: PolicySections) -> None:
    assert stricter_fields(policy, policy) == ()


@settings(deadline=None)
@given(policies, policies)
def test_what_got_stricter_is_what_the_old_policy_did_not_satisfy(
    before: PolicySections, after: PolicySections
) -> None:
    stricter = set(stricter_fields(before, after)) - {"mfa.methods", "mfa.admin_methods"}
    merged = strictest({"before": before, "after": after})
    for field in set(policy_fields()) - {"accounts.inactivity_warn_days"}:
        assert (field in stricter) == (values(merged)[field] != values(before)[field])


def test_a_method_less_is_stricter_and_a_method_more_is_not() -> None:
    document = sample()
    fewer = changed(document, mfa__methods=["phone"])
    assert stricter_fields(document, fewer) == ("mfa.methods", "mfa.admin_methods")
    of_admins = changed(document, mfa__admin_methods=["phone"])
    assert stricter_fields(document, of_admins) == ("mfa.admin_methods",)
    assert stricter_fields(of_admins, document) == ()
    assert stricter_fields(fewer, document) == ()
