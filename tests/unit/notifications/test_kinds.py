import pytest

from core.notifications import kinds
from core.notifications.kinds import (
    MessageKind,
    Prepare,
    Rendered,
    UnknownKindError,
    VoicePrompt,
    get_kind,
    register_kind,
)


@pytest.fixture(autouse=True)
def _own_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "_kinds", {})


def a_kind(
    name: str = "sample_notice", *, prepare: Prepare = lambda message, at: None
) -> MessageKind:
    return MessageKind(name=name, channel="email", at_most_once=False, prepare=prepare)


def test_a_registered_kind_is_found() -> None:
    kind = a_kind()
    register_kind(kind)
    assert get_kind("sample_notice") is kind


def test_registering_the_same_kind_again_is_harmless() -> None:
    kind = a_kind()
    register_kind(kind)
    register_kind(kind)
    assert get_kind("sample_notice") is kind


def test_two_kinds_of_one_name_are_refused() -> None:
    register_kind(a_kind())
    with pytest.raises(ValueError, match="registered twice"):
        register_kind(a_kind(prepare=lambda message, at: None))


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(UnknownKindError, match="'nothing_such'"):
        get_kind("nothing_such")


def test_what_is_secret_stays_out_of_repr() -> None:
    rendered = Rendered(
        to="dana.reed@clinic.example.org",
        subject="Your code 482913",
        text="482913",
        html="<p>482913</p>",
        code="482913",
        link="https://portal.example.org/l/s3cr3t",
        voice=VoicePrompt(text="four eight two nine one three", expect="digits"),
    )
    shown = repr(rendered)
    for secret in ("482913", "s3cr3t", "four eight", "dana.reed"):
        assert secret not in shown
