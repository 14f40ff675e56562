"""Properties that hold for every roster entry and everything that can be typed."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.registration.rules import (
    EntryFacts,
    IssuedCodeFacts,
    ProofFacts,
    Reason,
    entry_pairs,
    evaluate,
    issued_code_digest,
    issued_code_pair,
    parse_amount,
    parse_date,
    probe_pair,
)
from core.common.identifiers import IdentifierType, normalize, npi_check_digit
from tenants.configuration.document import RegistrationSection
from tests.unit.rules.builders import (
    AT,
    BOTH_FALLBACKS,
    CODE_FALLBACK_ONLY,
    ENTRY_ID,
    ISSUED_CODES,
    ISSUED_CODES_WITH_NPI,
    KNOWLEDGE,
    NO_FALLBACK,
    ON,
    issued_code,
    location,
    location_without_npi,
    paid_provider,
)

PROGRAM_ID_RULES = [BOTH_FALLBACKS, CODE_FALLBACK_ONLY, NO_FALLBACK]
# Few signs, so that equal values and near misses come up often.
npis = st.from_regex(r"[12][01]{8}", fullmatch=True).map(lambda body: body + npi_check_digit(body))
program_ids = st.from_regex(r"0[01]{3}", fullmatch=True)
issued = st.text("23AB", min_size=8, max_size=8)
separators = st.text(" .-\u00a0\u2013\u200b", max_size=3)


@st.composite
def entries(draw: st.DrawFn) -> EntryFacts:
    code = draw(program_ids | st.just(""))
    if code and draw(st.booleans()):
        kind, identifier = IdentifierType.PROGRAM_ID, code
    else:
        kind, identifier = IdentifierType.NPI, draw(npis)
    return EntryFacts(id=ENTRY_ID, identifier=identifier, identifier_type=kind, code=code)


def decorate(draw: st.DrawFn, value: str) -> str:
    """Write a value as people do: separators anywhere, letters in any case."""
    written = "".join(draw(separators) + sign for sign in value) + draw(separators)
    return written.lower() if draw(st.booleans()) else written


@st.composite
def typed_values(draw: st.DrawFn, subject: EntryFacts) -> tuple[str, str]:
    pool = [value for value in (subject.identifier, subject.code, draw(npis), "") if value]
    value = st.sampled_from(pool) | program_ids | npis | st.text(max_size=6)
    return draw(value), draw(value)


@given(st.sampled_from(PROGRAM_ID_RULES), entries(), st.data())
def test_what_is_accepted_is_exactly_what_is_published(
    rule: RegistrationSection, subject: EntryFacts, data: st.DataObject
) -> None:
    identifier, code = data.draw(typed_values(subject))
    decision = evaluate(rule=rule, identifier=identifier, code=code, entry=subject, on=ON, at=AT)
    assert decision.accepted == (probe_pair(identifier, code) in entry_pairs(rule, subject))


@given(st.sampled_from(PROGRAM_ID_RULES), entries(), st.data())
def test_every_published_pair_is_accepted_however_it_is_written(
    rule: RegistrationSection, subject: EntryFacts, data: st.DataObject
) -> None:
    for identifier, code in entry_pairs(rule, subject):
        first, second = (
            data.draw(st.composite(decorate)(identifier)),
            data.draw(st.composite(decorate)(code)),
        )
        decision = evaluate(rule=rule, identifier=first, code=second, entry=subject, on=ON, at=AT)
        assert decision.accepted
        assert probe_pair(first, second) == (identifier, code)


@given(st.sampled_from(PROGRAM_ID_RULES), entries(), st.data())
def test_another_identifier_is_never_accepted(
    rule: RegistrationSection, subject: EntryFacts, data: st.DataObject
) -> None:
    identifier, code = data.draw(typed_values(subject))
    assume(normalize(identifier) != subject.identifier)
    decision = evaluate(rule=rule, identifier=identifier, code=code, entry=subject, on=ON, at=AT)
    assert not decision.accepted


@given(st.sampled_from(PROGRAM_ID_RULES), npis, st.text() | program_ids | npis)
def test_an_entry_without_program_id_takes_its_own_number_only(
    rule: RegistrationSection, npi: str, code: str
) -> None:
    subject = EntryFacts(id=ENTRY_ID, identifier=npi)
    decision = evaluate(rule=rule, identifier=npi, code=code, entry=subject, on=ON, at=AT)
    own = normalize(code) == npi
    assert decision.accepted == (own and rule.without_code == "identifier_in_both")


@given(st.sampled_from(PROGRAM_ID_RULES), npis, program_ids)
def test_the_npi_in_both_fields_never_opens_an_entry_with_a_program_id(
    rule: RegistrationSection, npi: str, program_id: str
) -> None:
    subject = EntryFacts(id=ENTRY_ID, identifier=npi, code=program_id)
    decision = evaluate(rule=rule, identifier=npi, code=npi, entry=subject, on=ON, at=AT)
    assert decision.reason is Reason.FALLBACK_NOT_OPEN


@given(
    st.sampled_from([*PROGRAM_ID_RULES, ISSUED_CODES, KNOWLEDGE]), st.text(), st.text(), st.text()
)
def test_nothing_is_accepted_without_an_entry(
    rule: RegistrationSection, identifier: str, code: str, fact: str
) -> None:
    for typed in (code, ProofFacts(fact, code)):
        decision = evaluate(rule=rule, identifier=identifier, code=typed, entry=None, on=ON, at=AT)
        assert not decision.accepted


@given(
    st.sampled_from([ISSUED_CODES, ISSUED_CODES_WITH_NPI]), npis | st.just(""), issued, st.data()
)
def test_issued_codes_are_accepted_exactly_as_published(
    rule: RegistrationSection, npi: str, code: str, data: st.DataObject
) -> None:
    subject = location(identifier=npi) if npi else location_without_npi()
    identifier = data.draw(st.sampled_from([npi, code]) | npis | issued)
    typed = data.draw(st.just(code) | issued)
    decision = evaluate(
        rule=rule,
        identifier=identifier,
        code=typed,
        entry=subject,
        codes=[issued_code(code)],
        on=ON,
        at=AT,
    )
    assert decision.accepted == (
        probe_pair(identifier, typed) == issued_code_pair(rule, subject, code)
    )


@given(issued, issued)
def test_a_code_of_another_entry_is_never_accepted(own: str, others: str) -> None:
    foreign = IssuedCodeFacts(
        id=UUID(int=9),
        entry_id=UUID(int=2),
        digest=issued_code_digest(UUID(int=2), others, version=1),
        key_version=1,
        expires_at=AT.replace(year=2027),
        max_uses=1,
        uses=0,
    )
    subject = location()
    decision = evaluate(
        rule=ISSUED_CODES,
        identifier=subject.identifier,
        code=others,
        entry=subject,
        codes=[foreign, issued_code(own)],
        on=ON,
        at=AT,
    )
    assert decision.accepted == (own == others)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.booleans(), st.sampled_from("-/."))
def test_dates_are_read_in_every_way_they_are_written(
    day: date, padded: bool, separator: str
) -> None:
    month, number = (f"{day:%m}", f"{day:%d}") if padded else (str(day.month), str(day.day))
    year_first = separator.join([str(day.year), month, number])
    year_last = separator.join([month, number, str(day.year)])
    short_year = separator.join([month, number, f"{day:%y}"])
    assert parse_date(year_first) == parse_date(year_last) == parse_date(short_year) == day


@given(st.decimals(0, 10**9, places=2))
def test_amounts_are_read_in_every_way_they_are_written(amount: Decimal) -> None:
    for written in (f"{amount:.2f}", f"${amount:,.2f}", f" {amount:,.2f} "):
        assert parse_amount(written) == amount


def test_an_amount_of_more_than_twelve_digits_is_none() -> None:
    assert parse_amount("999,999,999,999.99") == Decimal("999999999999.99")
    for digits in ("1,999,999,999,999", "999" + 9 * ",999", "9" * 13):
        assert parse_amount(digits) is None


@given(st.text(), st.text())
def test_facts_never_match_an_entry_without_them(day: str, amount: str) -> None:
    decision = evaluate(
        rule=KNOWLEDGE,
        identifier="1234567893",
        code=ProofFacts(day, amount),
        entry=location(),
        on=ON,
        at=AT,
    )
    assert not decision.accepted


@given(st.decimals(0, 10_000, places=2))
def test_only_the_right_amount_is_accepted(amount: Decimal) -> None:
    subject = paid_provider()
    decision = evaluate(
        rule=KNOWLEDGE,
        identifier=subject.identifier,
        code=ProofFacts("2026-02-27", f"${amount:,.2f}"),
        entry=subject,
        on=ON,
        at=AT,
    )
    assert decision.accepted == (amount == subject.remittance_amount)
