"""Sessions over plain http overlap: none takes the permission away from another."""

import os
from contextlib import ExitStack

import pytest

from dashboards import transport
from dashboards.transport import VARIABLE, safe_transport

HERE = "http://127.0.0.1:8088"
HOSTS = ("127.0.0.1",)


@pytest.mark.parametrize("before", [None, "0"])
def test_the_last_session_restores_what_was_before_the_first(
    monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    # sessions that other tests still hold open in this process are not counted here
    monkeypatch.setattr(transport, "_PLAIN_HTTP", transport._PlainHttp())
    monkeypatch.delenv(VARIABLE, raising=False)
    if before is not None:
        monkeypatch.setenv(VARIABLE, before)
    first, second = ExitStack(), ExitStack()
    first.enter_context(safe_transport(HERE, HOSTS))
    second.enter_context(safe_transport(HERE, HOSTS))
    first.close()
    assert os.environ[VARIABLE] == "1"
    second.close()
    assert os.environ.get(VARIABLE) == before


def test_https_needs_no_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with safe_transport("https://bi.example.com", HOSTS):
        assert VARIABLE not in os.environ
