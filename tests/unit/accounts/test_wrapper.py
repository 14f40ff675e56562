"""What we rely on in django-allauth's inside; a new release that moves it fails here."""

import ast
from pathlib import Path

from allauth.account.models import Login
from django.conf import settings
from django.utils.module_loading import import_string

from core.accounts.sessions.store import LOGIN_KEY
from core.accounts.signing_in import allauth_wrapper
from core.accounts.signing_in.allauth_wrapper import PortalStage, SignInAttempt

ROOT = Path(__file__).resolve().parents[3]


def test_an_attempt_survives_the_session() -> None:
    login = Login(user=None, state={})
    attempt = SignInAttempt(option="phone", binding="b", contract="c", proven=["email"])
    attempt.write_to(login)
    again = Login.deserialize(dict(login.serialize()))
    assert SignInAttempt.of(again) == attempt


def test_a_login_of_somebody_elses_making_has_no_attempt() -> None:
    assert SignInAttempt.of(Login(user=None, state={})) is None
    assert SignInAttempt.of(Login(user=None, state={"portal": {"strange": 1}})) is None


def test_the_stages_are_ours_and_have_what_the_controller_reads() -> None:
    for path in settings.PORTAL_LOGIN_STAGES:
        stage = import_string(path)
        assert issubclass(stage, PortalStage)
        assert stage.key
        assert stage.urlname
    assert {"handle", "exit", "abort"} <= set(dir(PortalStage))
    assert {"get_stage", "get_stages", "set_handled"} <= set(
        vars(allauth_wrapper)["LoginStageController"].__dict__
    )


def test_the_store_knows_where_a_sign_in_under_way_is_kept() -> None:
    assert vars(allauth_wrapper)["LOGIN_SESSION_KEY"] == LOGIN_KEY


def test_only_the_wrapper_imports_allauths_inside() -> None:
    found = []
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT).parts
        if parts[0] not in {"core", "contracts", "tenants", "config"}:
            continue
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if "allauth" in text else ():
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if any(name.startswith("allauth") and ".internal" in name for name in names):
                found.append("/".join(parts))
    assert set(found) == {"core/accounts/signing_in/allauth_wrapper.py"}
