"""Reading documents: what is right is read, what is wrong is named with file, line and field."""

import tomllib
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tenants.configuration import loading
from tenants.configuration.document import ContractDocument, ProgramIdRule
from tenants.configuration.loading import (
    MOST_PROBLEMS,
    DocumentErrors,
    Problem,
    _problem,
    load_contract,
    load_deployment,
    locate,
    parse_contract,
    parse_deployment,
    sentences_of,
)
from tenants.configuration.toml_lines import index_lines
from tests.unit.configuration.documents import DEPLOYMENT, PROGRAMS, ROOT

WV = (ROOT / "contracts" / "programs" / "wv-bh.toml").read_text(encoding="utf-8")


def problems_of(text: str) -> tuple[Problem, ...]:
    with pytest.raises(DocumentErrors) as caught:
        parse_contract(text, file="some.toml")
    return caught.value.problems


def _role(
    *permissions: str, key: str = "reader", name: str = "Reader", times: int = 1, more: str = ""
) -> str:
    """Return a role of the program's own as its document writes it, before another section."""
    role = (
        f'[[groups.roles]]\nkey = "{key}"\nname = "{name}"\nsentence = "Reads."\n'
        f"permissions = {list(permissions)}\n{more}\n"
    )
    return f"{role * times}[accounts]"


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_the_sample_documents_are_read(path: Path) -> None:
    document = load_contract(path)
    assert document.contract.slug == path.stem


def test_there_are_four_samples_of_all_families() -> None:
    families = {load_contract(path).registration.rule.family for path in PROGRAMS}
    assert families == {"program_id", "issued_code", "knowledge_proof"}
    assert len(PROGRAMS) >= 4


def test_the_deployment_document_is_read() -> None:
    document = load_deployment(DEPLOYMENT)
    assert document.primary_host().host == "atrezzo.acentra.com"
    redirect = next(host for host in document.portal_hosts if host.host == "portal.kepro.com")
    assert redirect.redirects_to == "atrezzo.acentra.com"
    assert document.brand_of("portal.kepro.com") == document.brand


def test_what_the_documents_print_is_what_the_samples_say() -> None:
    wv = load_contract(ROOT / "contracts/programs/wv-bh.toml")
    assert (wv.accounts.password_min_length, wv.accounts.lock_failures) == (14, 3)
    assert wv.accounts.lock_hold_minutes is None
    assert wv.accounts.inactivity_days == 60
    assert wv.mfa.email_code_seconds == 30
    assert wv.mfa.voice_confirmation == "press_pound"
    assert wv.mfa.remember_hours == 4
    assert (wv.links.registration_minutes, wv.links.invitation_hours) == (20, 48)
    assert wv.profile.added_user.required == ("fax",)
    assert wv.vocabulary.people == "Consumers"
    assert isinstance(wv.registration.rule, ProgramIdRule)
    ms = load_contract(ROOT / "contracts/programs/ms-um.toml")
    assert ms.accounts.password_min_length == 15
    assert ms.accounts.inactivity_days == 60
    assert ms.support[0].phone == "888-801-1910"


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ('state = "WV"', 'state = "West Virginia"', "contract.state", "two capital letters"),
        ('slug = "wv-bh"', 'slug = "Wv_Bh"', "contract.slug", "lower-case"),
        ('slug = "wv-bh"', 'slug = "register"', "contract.slug", "address of a page"),
        ('color = "#0b5c8f"', 'color = "blue"', "brand.color", "six hexadecimal"),
        ("lock_failures = 3", 'lock_failures = "3"', "accounts.lock_failures", "whole number"),
        ("lock_failures = 3", "lock_failures = 0", "accounts.lock_failures", "at least 1"),
        ("lock_failures = 3", "lock_failure = 3", "accounts.lock_failure", "lock_failures?"),
        ("lock_failures = 3", "slug = 3", "accounts.slug", "Another table has a field slug"),
        ("remember_hours = 4", "remember_hours = 999", "mfa.remember_hours", "at most 24"),
        ("email_code_seconds = 30", "email_code_seconds = 601", "mfa.email_code_seconds", "600"),
        ('methods = ["phone", "email"]', "methods = []", "mfa.methods", "empty"),
        ('methods = ["phone", "email"]', 'methods = ["fax"]', "mfa.methods.0", "phone"),
        (
            'methods = ["phone", "email"]',
            'methods = ["phone"]\nadmin_methods = ["totp"]',
            "mfa",
            "among methods",
        ),
        ("check_npi = true", 'check_npi = "yes"', "registration.check_npi", "true or false"),
        ('pattern = "[0-9]{10}"', 'pattern = "[0-9"', "registration.rule.pattern", "regular"),
        ('family = "program_id"', 'family = "guess"', "registration.rule", "family"),
        ('\nurl = "https://wvaso.kepro.com/"', '\nurl = "wvaso"', "support.0.url", "https://"),
        ("effective_on = 2024-04-01", 'effective_on = "soon"', "terms.0.effective_on", "date"),
        ('legal_name = "Kepro, Inc."\n', "", "terms.0.party.legal_name", "required"),
        ('time_zone = "America/New_York"', 'time_zone = "Mars"', "contract.time_zone", "IANA"),
        (
            "[accounts]",
            '[groups]\naccess_review_unconfirmed = "remove"\n\n[accounts]',
            "groups",
            "access_review_days",
        ),
        ("inactivity_days = 60", "inactivity_days = 50", "accounts", "smaller"),
        ("[accounts]", _role(key="Reader"), "groups.roles.0.key", "lower-case"),
        ("[accounts]", _role(key="staff"), "groups.roles.0.key", "documented"),
        ("[accounts]", _role(), "groups.roles.0.permissions", "empty"),
        ("[accounts]", _role("provider.manage"), "groups.roles.0.permissions.0", "users.view"),
        ("[accounts]", _role("users.view", "users.view"), "groups.roles.0", "twice"),
        ("[accounts]", _role("users.view", times=2), "groups", "same key"),
        (
            "[accounts]",
            _role("users.view", "users.export", more="third_parties = true\n"),
            "groups.roles.0",
            "cannot hold users.export",
        ),
        ("[accounts]", _role("users.view", name="provider ADMIN"), "groups", "same name"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_field(
    old: str, new: str, field: str, words: str
) -> None:
    assert old in WV
    text = WV.replace(old, new, 1)
    problem = problems_of(text)[0]
    assert problem.file == "some.toml"
    assert problem.field == field
    assert words in problem.message
    shown = text.splitlines()[problem.line - 1]
    key = field.rsplit(".", 1)[-1]
    if key == "legal_name":
        assert shown == "[terms.party]"
    elif not key.isdigit():
        assert key in shown
    else:
        assert new in shown or shown in new.splitlines()


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = WV.replace('state = "WV"', "state = 1").replace(
        "lock_failures = 3", "lock_failures = -1"
    )
    problems = problems_of(text)
    assert [problem.field for problem in problems] == ["contract.state", "accounts.lock_failures"]
    assert problems[0].line < problems[1].line


def test_an_error_deep_in_the_second_version_of_the_terms_has_its_own_line() -> None:
    text = WV.replace("effective_on = 2026-07-01", "effective_on = 20260701.5")
    problem = problems_of(text)[0]
    assert problem.field == "terms.1.effective_on"
    assert text.splitlines()[problem.line - 1] == "effective_on = 20260701.5"


def test_text_that_is_no_toml_names_the_line() -> None:
    problem = problems_of('[contract]\nslug = "wv-bh"\nname = West\n')[0]
    assert (problem.line, problem.field) == (3, "")
    assert "not valid TOML" in problem.message


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ("2026-01-01T00:00:00-05:00", "9999-12-31T23:59:00-05:00"),
        ("0001-01-01T00:00:00+05:00", "2026-01-01T00:00:00-05:00"),
    ],
)
def test_a_moment_is_one_in_every_time_zone(begins: str, ends: str) -> None:
    data = load_contract(PROGRAMS[0]).model_dump(mode="json")
    data["notices"] = [{"text": "x", "from_at": begins, "until_at": ends}]
    with pytest.raises(ValidationError, match="from 2 to 9998"):
        ContractDocument.model_validate(data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "contract = 3",
        "[[contract]]",
        "support = 1",
        "x = " + "[" * 5000,
        "a = 1" * 3,
        "registration = { rule = 5 }",
        "[registration]\nrule = []",
        "a = " + "9" * 5000,
    ],
)
def test_any_shape_gives_errors_and_no_traceback(text: str) -> None:
    for problem in problems_of(text):
        assert problem.line >= 1
        assert problem.message


def test_a_file_that_cannot_be_read_is_an_error_of_the_document(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.toml"):
        with pytest.raises(DocumentErrors, match="cannot be read"):
            load_contract(path)
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"[contract]\nname = '\xff'\n")
    with pytest.raises(DocumentErrors, match=r"broken\.toml:2: The file is not UTF-8"):
        load_contract(broken)
    broken.write_bytes(b"#" * 1_000_001)
    with pytest.raises(DocumentErrors, match="too large"):
        load_contract(broken)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (".".join(["a"] * 16_000) + "=1", "parts between its dots"),
        (" . ".join(['"a"'] * 12) + "=1", "parts between its dots"),
        ("[" + ".".join(["a"] * 12) + "]", "parts between its dots"),
        ("b = {" + ".".join(["'a'"] * 12) + " = 1}", "parts between its dots"),
        ("b = " + "[" * 21 + "]" * 21, "nested too deeply"),
        ("b = " + "{a=" * 25 + "1" + "}" * 25, "nested too deeply"),
        ("b = " + "[" * 190_000, "nested too deeply"),
    ],
    ids=["key", "quoted", "header", "inline", "lists", "tables", "unclosed"],
)
def test_what_costs_more_than_its_length_is_refused_at_its_line(
    text: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tomllib, "loads", lambda _text: pytest.fail("read all the same"))
    before = (
        'x = """\n[[[ a.b.c.d.e.f.g.h.i.j.k \\""" "" \n""""\n# [[[ a.b\ny = \'\'\'[\n\'\'\'\'\'\n'
    )
    (problem,) = problems_of(f"{before}{text}\nz = 1.5\n")
    assert (problem.line, problem.field) == (7, "")
    assert words in problem.message


def test_of_thousands_of_errors_the_first_are_told_and_how_many_more_there_are() -> None:
    long = "n" * 1_000
    text = WV + "".join(f"\n[z{place}]\n{long}{place} = 1" for place in range(2_000))
    with patch.object(loading, "_did_you_mean", wraps=loading._did_you_mean) as asked:
        found = problems_of(text)
    assert asked.call_count == MOST_PROBLEMS
    assert len(found) == MOST_PROBLEMS + 1
    assert found[-1].message == "1,900 more things are wrong. Mend these first."


def test_a_problem_names_no_field_longer_than_a_line() -> None:
    (problem,) = problems_of(WV + f"\n[{'n' * 300_000}]\n")
    assert len(problem.field) <= 200
    assert problem.field.endswith("\u2026")


def test_a_problem_prints_like_a_compilers() -> None:
    assert str(Problem("a.toml", 7, "brand.color", "No.")) == "a.toml:7: brand.color: No."


def test_portal_hosts_must_fit_together() -> None:
    text = DEPLOYMENT.read_text(encoding="utf-8")
    for old, new, words in (
        ("primary = true", "primary = false", "Exactly one"),
        ('redirects_to = "atrezzo.acentra.com"', 'redirects_to = "x.example.org"', "redirects_to"),
        ('host = "portal.kepro.com"', 'host = "atrezzo.acentra.com"', "twice"),
    ):
        with pytest.raises(DocumentErrors, match=words):
            parse_deployment(text.replace(old, new))


def test_lines_are_found_in_every_way_of_writing_toml() -> None:
    text = """\
a.b = 1 # one
"quo ted".'x' = [ # list
  { k = 1, l = [2,
    3] },
  '''
  [not.a.table]
  ''',
]
[t.u]
s = \"\"\"
[[no]]
c = \\"\"\" \"\"\"
[[t.u.list]]
v = 1
[[t.u.list]]
v.w = 2
[t.u.list.sub]
z = 1979-05-27T07:32:00Z
"""
    tomllib.loads(text)
    assert locate(text, "a.b") == 1
    assert locate(text, "quo ted.x") == 2
    assert locate(text, "quo ted.x.0.k") == 3
    assert locate(text, "quo ted.x.0.l.1") == 4
    assert locate(text, "quo ted.x.1") == 5
    assert locate(text, "t.u.s") == 10
    assert locate(text, "t.u.list.0.v") == 14
    assert locate(text, "t.u.list.1") == 15
    assert locate(text, "t.u.list.1.v.w") == 16
    assert locate(text, "t.u.list.1.sub.z") == 18
    assert locate(text, "t.u.list.0.missing.field") == 13


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=30),
        st.dates(),
        st.datetimes(),
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def paths_in(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data)
    found = [path] if path else []
    for key, value in items:
        found += paths_in(value, (*path, key)) if isinstance(value, dict | list) else [(*path, key)]
    return found


RAW = tomllib.loads(WV)


@settings(deadline=None)
@given(path=st.sampled_from(paths_in(RAW)), value=VALUES)
def test_no_value_anywhere_ends_in_a_traceback(path: tuple[Any, ...], value: Any) -> None:
    """Whatever stands in a field: the document is read, or pydantic's errors are all explained."""
    data = tomllib.loads(WV)
    target = data
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    try:
        ContractDocument.model_validate(data)
    except ValidationError as error:
        for place, sentence in sentences_of(error):
            problem = _problem("a.toml", index_lines(WV), data, place, sentence)
            assert 1 <= problem.line <= WV.count("\n") + 1
            assert problem.message.endswith((".", "?"))


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_with_lines(text: str) -> None:
    with pytest.raises(DocumentErrors) as caught:
        parse_contract(text)
    assert all(problem.line >= 1 for problem in caught.value.problems)


@settings(deadline=None)
@given(start=st.integers(0, len(WV)), length=st.integers(1, 400))
def test_a_document_with_a_piece_missing_is_read_or_refused_with_lines(
    start: int, length: int
) -> None:
    text = WV[:start] + WV[start + length :]
    try:
        parse_contract(text)
    except DocumentErrors as error:
        for problem in error.problems:
            assert 1 <= problem.line <= text.count("\n") + 1
