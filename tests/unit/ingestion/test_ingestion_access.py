"""Tokens: read once, renewed once when dead, whoever finds it out, and never told."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from scripted_platform import (
    OK,
    SECRET,
    TOY,
    Book,
    Network,
    bearers,
    make_response,
    run_over,
    toy_error,
)

from ingestion.connections import Tokens
from ingestion.errors import AccountError, DeadTokenError
from ingestion.http import ApiClient
from ingestion.settings import IngestionSettings
from ingestion.snapshot import AccountDay, SnapshotRun

RENEWED = "act.renewed-token"


def renew(client: ApiClient, tokens: Tokens, _: IngestionSettings) -> Tokens:
    """Ask the toy for new tokens."""
    assert tokens.refresh_token is not None
    form = {"refresh_token": tokens.refresh_token.get_secret_value()}
    answer = client.call("/token", "token refresh", {}, form=form, host="login")
    return tokens.model_copy(update={"access_token": SecretStr(answer["access_token"])})


RENEWABLE = replace(TOY, refresh=renew)


class OldTokensAreDead(Network):
    """Takes renewed tokens alone, and renews."""

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        with self._lock:
            self.requests.append(request)
        if request.path_url == "/token":
            return make_response(request, 200, {"access_token": RENEWED})
        if request.headers["Authorization"] == f"Bearer {RENEWED}":
            return make_response(request, 200, OK[1])
        return make_response(request, *toy_error("dead", 401))  # type: ignore[misc]


def units(run: SnapshotRun) -> list[AccountDay]:
    return list(run.account_days())


def test_the_token_goes_where_the_platform_wants_it() -> None:
    toy = replace(TOY, authorize=lambda token, _: {"Access-Token": token})
    run, network = run_over(toy)
    run.call(units(run)[0], "/things")
    assert network.requests[0].headers["Access-Token"] == f"{SECRET}-a000"
    assert SECRET not in str(network.requests[0].url)


def test_headers_of_ones_own_take_the_tokens_place() -> None:
    run, network = run_over(TOY)
    run.call(units(run)[0], "/things", headers={"X-Api-Key": "key"})
    assert "Authorization" not in network.requests[0].headers
    assert network.requests[0].headers["X-Api-Key"] == "key"


def test_a_dead_token_is_renewed_and_the_call_repeated() -> None:
    run, _ = run_over(RENEWABLE)
    network = use(run, OldTokensAreDead(OK))
    assert run.call(units(run)[0], "/things") == OK[1]
    assert run.call(units(run)[0], "/things") == OK[1]
    paths = [request.path_url for request in network.requests]
    assert paths == ["/things", "/token", "/things", "/things"]


def test_many_threads_renew_a_dead_token_once() -> None:
    run, _ = run_over(RENEWABLE)
    network = use(run, OldTokensAreDead(OK))
    start = threading.Barrier(8)
    found: list[object] = []

    def ask() -> None:
        start.wait()
        found.append(run.call(units(run)[0], "/things"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [OK[1]] * 8
    assert [r.path_url for r in network.requests].count("/token") == 1


def test_a_token_that_is_dead_again_is_the_accounts_error() -> None:
    run, network = run_over(
        RENEWABLE, toy_error("dead"), (200, {"access_token": RENEWED}), toy_error("dead"), OK
    )
    with pytest.raises(DeadTokenError, match="Reconnect the account"):
        run.call(units(run)[0], "/things")
    assert len(network.requests) == 3


def test_a_refused_renewal_is_the_accounts_error_and_no_secret_is_told() -> None:
    refusal = toy_error("dead", message=f"{SECRET}-a000 is no grant")
    run, _ = run_over(RENEWABLE, toy_error("dead"), refusal)
    with pytest.raises(DeadTokenError) as caught:
        run.call(units(run)[0], "/things")
    assert SECRET not in str(caught.value)


def test_where_tokens_cannot_be_renewed_the_account_has_to_be_reconnected() -> None:
    run, network = run_over(TOY, toy_error("dead"))
    with pytest.raises(DeadTokenError, match="Reconnect the account"):
        run.call(units(run)[0], "/things")
    assert len(network.requests) == 1


def test_an_account_without_a_token_costs_itself_alone() -> None:
    run, network = run_over(TOY, count=2)
    book: Book = run.access._store  # type: ignore[assignment]
    del book.kept["k0"]
    with pytest.raises(AccountError, match=r"no token is kept for it\. Reconnect the account"):
        run.call(units(run)[0], "/things")
    run.call(units(run)[1], "/things")
    assert bearers(network.requests) == [f"{SECRET}-a001"]


def ending(run: SnapshotRun, seconds: int) -> None:
    """Have the first account's token end in so many seconds."""
    book: Book = run.access._store  # type: ignore[assignment]
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    book.kept["k0"] = book.kept["k0"].model_copy(update={"access_expires_at": ends})


@pytest.mark.parametrize("seconds", [-60, 60])
def test_a_token_about_to_end_is_renewed_before_it_is_used(seconds: int) -> None:
    def renew_for_long(*asked: Any) -> Tokens:
        later = datetime.now(UTC) + timedelta(hours=2)
        return renew(*asked).model_copy(update={"access_expires_at": later})

    run, network = run_over(
        replace(TOY, refresh=renew_for_long), (200, {"access_token": RENEWED}), OK, OK
    )
    ending(run, seconds)
    run.call(units(run)[0], "/things")
    run.call(units(run)[0], "/things")
    assert [request.path_url for request in network.requests] == ["/token", "/things", "/things"]
    assert bearers(network.requests[1:]) == [RENEWED, RENEWED]


def test_a_living_token_is_good_enough_where_its_renewal_fails() -> None:
    run, network = run_over(RENEWABLE, toy_error("dead"), OK, OK)
    ending(run, 60)
    assert run.call(units(run)[0], "/things") == OK[1]
    assert run.call(units(run)[0], "/things") == OK[1]
    assert [request.path_url for request in network.requests] == ["/token", "/things", "/things"]


def test_an_ended_token_that_cannot_be_renewed_is_not_used() -> None:
    run, network = run_over(RENEWABLE, toy_error("dead"), OK)
    ending(run, -60)
    with pytest.raises(DeadTokenError):
        run.call(units(run)[0], "/things")
    assert [request.path_url for request in network.requests] == ["/token"]


def use(run: SnapshotRun, network: Network) -> Network:
    """Put another network under a run's client."""
    run.client._adapter.network = network  # type: ignore[attr-defined]
    return network
