"""The identity provider of the tests, started once for all of them."""

from collections.abc import Iterator

import pytest

from tests.support.idp import SECRET, SECRET_VARIABLE, IdentityProvider, running_provider


@pytest.fixture(scope="session")
def _provider() -> Iterator[IdentityProvider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(_provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch) -> IdentityProvider:
    """Return the running provider, without claims and faults of the tests before."""
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    _provider.behave()
    return _provider
