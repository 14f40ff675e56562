"""The effects of a publication in sentences, as plans and pages say them."""

from collections.abc import Iterator

from contracts.console.effects.facts import Effects, PeopleEffects, RosterEffects


def sentences_of(effects: Effects) -> list[str]:
    """Return what a publication touches, a sentence each. No name of anybody is in them."""
    if not effects.is_known:
        return ["The contract does not serve anybody now, so nobody is touched."]
    return [*_people(effects.people), *_roster(effects.roster), *_rest(effects)]


def _people(people: PeopleEffects) -> Iterator[str]:
    yield f"accounts with access to the contract: {people.accounts:,}"
    if people.rules_change_for:
        yield (
            f"{people.rules_change_for:,} of them come under other rules of account and sign-in; "
            "for the others a stricter contract of theirs decides. Nobody has to change a "
            "password: a rule counts when the next one is chosen."
        )
    if people.sessions_end:
        yield f"Sign-ins that end: {people.sessions_end:,}."
    else:
        yield "Nobody is signed out."
    if people.browsers_forgotten:
        yield f"Remembered browsers that are forgotten: {people.browsers_forgotten:,}."
    if people.enrol_again:
        yield (
            f"Accounts without a factor that is still accepted: {people.enrol_again:,}. "
            "They register another one before they enter."
        )
    if people.close_for_disuse:
        yield f"Accounts that the next daily run closes for disuse: {people.close_for_disuse:,}."
    if people.grants_end:
        yield f"Access of third parties that ends: {people.grants_end:,}."
    if people.registrations_go_on:
        yield f"Registrations under way that go on as they began: {people.registrations_go_on:,}."


def _roster(roster: RosterEffects) -> Iterator[str]:
    if roster.unmatched:
        yield f"Roster entries that can no longer be registered: {roster.unmatched:,}."
    if roster.need_code:
        yield f"Roster entries that need an issued code and have none: {roster.need_code:,}."
    if roster.keys_change:
        yield (
            f"Another unit registers: the next roster file brings all {roster.keys_change:,} "
            "entries as new ones."
        )


def _rest(effects: Effects) -> Iterator[str]:
    for label, names in (
        ("Hosts that stop answering for it", effects.hosts_end),
        ("New waivers", effects.waivers_new),
        ("Waivers that are over", effects.waivers_over),
    ):
        if names:
            yield f"{label}: {', '.join(names)}."
