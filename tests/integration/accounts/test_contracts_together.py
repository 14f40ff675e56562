"""The rules of two and three programs for one person, against an oracle of its own.

The sample programs in every combination, and policies made up in their places. What merges is
compared field by field with sentences written down here, and then by what follows from it; factor
methods are compared program by program and never merged (design decision 7).
"""

import dataclasses
import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.accounts.inactivity.rules import DisuseRules, closing_day
from core.accounts.locking import LockState, after_failure
from core.accounts.models import User
from core.accounts.passwords.rules import broken_rules
from core.accounts.policies import effective_policy, password_rules
from core.accounts.services.accounts import grant_contract_access
from core.accounts.services.locks import lock_rules
from core.common.ids import uuid7
from core.mfa.codes import Purpose
from core.mfa.policies import METHOD_OF_CHANNEL, answer_rules, registration_rules, sign_in_rules
from core.mfa.proving.stepping_up import find_ask
from tenants import registry
from tenants.configuration.merge import MergedPolicy
from tenants.configuration.policy import PolicySections
from tenants.context import ActiveContract
from tests.integration.journeys.sites import SLUGS
from tests.support.naive import fails_with
from tests.support.people import START, make_person
from tests.unit.configuration.test_merge import policies

pytestmark = pytest.mark.django_db
COMBINED = [chosen for count in (1, 2, 3) for chosen in itertools.combinations(SLUGS, count)]
PASSWORDS = (
    "blue lantern rivers",
    "Blue lantern rivers",
    "Blue lantern 47 rivers",
    "Blue-lantern 47 rivers",
    "Bl-4 riv",
    "Bl-4 rivers and much more of these words, and again more of them",
)
_revisions = itertools.count(1_000_000)
Oracle = Callable[[Sequence[Any]], Any]


def none_or_longest(values: Sequence[int | None]) -> int | None:
    return None if None in values else max(value for value in values if value is not None)


def together(values: Sequence[Sequence[Any]]) -> set[Any]:
    return {one for value in values for one in value}


def digits_if_any(values: Sequence[str]) -> str:
    return "digits_on_screen" if "digits_on_screen" in values else "press_pound"


SENTENCES: dict[str, Oracle] = {
    "accounts.password_min_length": max,
    "accounts.password_classes": together,
    "accounts.lock_failures": min,
    "accounts.lock_window_minutes": none_or_longest,
    "accounts.lock_hold_minutes": none_or_longest,
    "accounts.inactivity_days": min,
    "mfa.email_code_seconds": min,
    "mfa.verify_email_code_seconds": min,
    "mfa.sms_code_seconds": min,
    "mfa.voice_code_seconds": min,
    "mfa.attempts": min,
    "mfa.voice_confirmation": digits_if_any,
    "mfa.remember_hours": min,
    "sessions.idle_minutes": min,
    "sessions.absolute_hours": min,
    "sessions.warning_seconds": max,
    "links.registration_minutes": min,
    "links.invitation_hours": min,
    "links.reset_minutes": min,
    "links.reset_registration_hours": min,
    "links.reservation_hours": min,
}


def value_in(sections: Any, field: str) -> Any:
    section, name = field.split(".")
    value = getattr(getattr(sections, section), name)
    return set(value) if isinstance(value, tuple) else value


def working_in(slugs: Collection[str]) -> User:
    """Return somebody who works in some programs."""
    user = make_person(f"p{uuid7().hex}")
    for slug in slugs:
        key = registry.get_contract(slug).id
        grant_contract_access(user_id=user.id, contract_id=key, at=START)
    return user


@contextmanager
def made_up(rules: dict[str, PolicySections]) -> Iterator[list[ActiveContract]]:
    """Put other rules into programs' documents, without publishing them."""
    changed = {slug: _with_rules(registry.get_contract(slug), one) for slug, one in rules.items()}
    by_key = {one.id: one for one in changed.values()}
    of_slug, of_key = registry.get_contract, registry.get_contract_by_id
    with (
        mock.patch.object(
            registry, "get_contract", lambda slug: changed.get(slug) or of_slug(slug)
        ),
        mock.patch.object(
            registry, "get_contract_by_id", lambda key: by_key.get(key) or of_key(key)
        ),
    ):
        yield list(changed.values())


def _with_rules(contract: ActiveContract, rules: PolicySections) -> ActiveContract:
    sections = {name: getattr(rules, name) for name in PolicySections.model_fields}
    document = contract.document.model_copy(update=sections)
    return dataclasses.replace(contract, document=document, revision=next(_revisions))


def the_strictest_holds(merged: MergedPolicy, parts: dict[str, PolicySections]) -> None:
    """Compare every field, and who it comes from, with the sentences."""
    for field, sentence in SENTENCES.items():
        asked = {slug: value_in(part, field) for slug, part in parts.items()}
        expected = sentence(list(asked.values()))
        assert value_in(merged, field) == expected, field
        if not isinstance(expected, set):
            asking = {slug for slug, value in asked.items() if value == expected}
            assert set(merged.origin(field)) == asking, field
    days = together([part.accounts.inactivity_warn_days for part in parts.values()])
    in_time = {day for day in days if day < merged.accounts.inactivity_days}
    assert set(merged.accounts.inactivity_warn_days) == in_time


def test_every_field_has_its_sentence() -> None:
    declared = {
        f"{section}.{name}"
        for section, model in MergedPolicy.__annotations__.items()
        if section in PolicySections.model_fields
        for name in model.model_fields
    }
    assert declared == {*SENTENCES, "accounts.inactivity_warn_days"}


@pytest.mark.parametrize("slugs", COMBINED, ids="+".join)
def test_the_sample_programs_together(slugs: tuple[str, ...]) -> None:
    merged = effective_policy(working_in(slugs).id)
    parts: dict[str, PolicySections] = {
        slug: registry.get_contract(slug).document for slug in slugs
    }
    the_strictest_holds(merged, parts)
    assert merged.methods == {slug: part.mfa.methods for slug, part in parts.items()}


made = st.lists(policies, min_size=2, max_size=3)


def as_rules(parts: list[PolicySections]) -> dict[str, PolicySections]:
    return dict(zip(SLUGS, parts, strict=False))


@settings(max_examples=40, deadline=None)
@given(made)
def test_made_up_programs_together(parts: list[PolicySections]) -> None:
    rules = as_rules(parts)
    with made_up(rules):
        the_strictest_holds(effective_policy(working_in(rules).id), rules)


def follows(rules: dict[str, PolicySections], slugs: Collection[str]) -> None:
    """Compare what follows for a person with what each program alone would have it be."""
    merged, parts = effective_policy(working_in(slugs).id), list(rules.values())
    for password in PASSWORDS:
        refused = [broken_rules(password, rules=password_rules(one), words=()) for one in parts]
        together = broken_rules(password, rules=password_rules(merged), words=())
        assert bool(together) == any(refused), password
    state, count = LockState(), 0
    while not state.is_locked(START):
        state, count = after_failure(state, rules=lock_rules(merged), at=START), count + 1
    assert count == min(one.accounts.lock_failures for one in parts)
    later = START + timedelta(minutes=min(one.accounts.lock_hold_minutes or 0 for one in parts))
    assert state.is_locked(later) == any(
        not one.accounts.lock_hold_minutes
        or later < START + timedelta(minutes=one.accounts.lock_hold_minutes)
        for one in parts
    )
    for channel in ("email", "sms", "voice"):
        lives = [sign_in_rules(one, channel).life_seconds for one in parts]
        assert sign_in_rules(merged, channel).life_seconds == min(lives)
    proving = registration_rules(merged, "email", Purpose.VERIFY_EMAIL)
    assert proving.life_seconds == min(one.mfa.verify_email_code_seconds for one in parts)
    assert answer_rules(merged).max_attempts == min(one.mfa.attempts for one in parts)
    days = [closing_day(START, _disuse(one)) for one in parts]
    assert closing_day(START, _disuse(merged)) == min(days)


def _disuse(policy: Any) -> DisuseRules:
    return DisuseRules(policy.accounts.inactivity_days, (), "America/New_York")


@settings(max_examples=40, deadline=None)
@given(made)
def test_what_follows_from_made_up_programs(parts: list[PolicySections]) -> None:
    rules = as_rules(parts)
    with made_up(rules):
        follows(rules, rules)


CHANNELS = sorted(name for name in METHOD_OF_CHANNEL if not name.startswith("remembered"))


def each_program_looks_for_itself(
    contracts: list[ActiveContract], user: User, used: Sequence[str]
) -> None:
    for contract in contracts:
        accepted = contract.document.mfa.methods
        is_enough = any(METHOD_OF_CHANNEL[name] in accepted for name in used)
        ask = find_ask(contract, user, ["password", *used])
        assert (ask is None) == is_enough, contract.slug
        assert ask is None or (ask.contract, ask.methods) == (contract, accepted)


@settings(max_examples=40, deadline=None)
@given(made, st.lists(st.sampled_from(CHANNELS), unique=True, max_size=2))
def test_factor_methods_are_never_merged(parts: list[PolicySections], used: list[str]) -> None:
    rules = as_rules(parts)
    with made_up(rules) as contracts:
        user = working_in(rules)
        each_program_looks_for_itself(contracts, user, used)
        assert effective_policy(user.id).methods == {
            slug: one.mfa.methods for slug, one in rules.items()
        }


def weak_and_strict() -> dict[str, PolicySections]:
    weak = PolicySections.model_validate(
        {
            "accounts": {"password_min_length": 8, "lock_failures": 9},
            "mfa": {"methods": ["email"], "remember_hours": 8},
        }
    )
    return {SLUGS[0]: PolicySections(), SLUGS[1]: weak}


def test_the_rules_of_one_of_them_would_not_do() -> None:
    """The naive way: the program that was joined last says what holds."""
    rules = weak_and_strict()
    with made_up(rules):
        follows(rules, rules)

        def naive(parts: dict[str, PolicySections]) -> Any:
            return list(parts.values())[-1]

        fails_with(
            "core.accounts.policies.strictest", naive, lambda: _anew(rules), where="any(refused)"
        )


def _anew(rules: dict[str, PolicySections]) -> None:
    with made_up(rules):
        follows(rules, rules)


def test_methods_that_count_everywhere_would_not_do() -> None:
    """The naive way: what any of the programs accepts is enough for all of them."""
    with made_up(weak_and_strict()) as contracts:
        user = working_in(SLUGS[:2])
        every = {method for one in contracts for method in one.document.mfa.methods}
        each_program_looks_for_itself(contracts, user, ["email"])
        fails_with(
            "core.mfa.proving.stepping_up.accepts",
            lambda _methods, used: bool({METHOD_OF_CHANNEL.get(one) for one in used} & every),
            lambda: each_program_looks_for_itself(contracts, user, ["email"]),
            where="== is_enough",
        )
