"""Sessions of the HTTP interface: state that is kept, ends in time, and belongs to one identity."""

import uuid

import httpx

from warehouse.settings import WarehouseSettings


def test_sessions_keep_state_and_expire(http: httpx.Client) -> None:
    name = f"s-{uuid.uuid4()}"
    missing = http.post("/", params={"session_id": name, "session_check": "1"}, content="SELECT 1")
    assert missing.headers["x-clickhouse-exception-code"] == "372"
    http.post("/", params={"session_id": name}, content="SET max_block_size = 99")
    read = "SELECT value FROM system.settings WHERE name = 'max_block_size'"
    kept = http.post("/", params={"session_id": name, "session_check": "1"}, content=read)
    assert kept.text == "99\n"
    http.post("/", params={"session_id": name, "database": "ops"}, content="SELECT 1")
    current = http.post("/", params={"session_id": name}, content="SELECT currentDatabase()")
    assert current.text == "default\n"
    http.post("/", params={"session_id": name, "session_timeout": "0"}, content="SELECT 1")
    gone = http.post("/", params={"session_id": name, "session_check": "1"}, content=read)
    assert gone.headers["x-clickhouse-exception-code"] == "372"
    for timeout in ("x", "-1", "4000"):
        answer = http.post(
            "/", params={"session_id": name, "session_timeout": timeout}, content=read
        )
        assert answer.headers["x-clickhouse-exception-code"] == "374"


def test_parameters_of_a_session_do_not_stay(http: httpx.Client) -> None:
    name = f"s-{uuid.uuid4()}"
    first = http.post("/", params={"session_id": name, "param_p": "5"}, content="SELECT {p:UInt8}")
    assert first.text == "5\n"
    second = http.post("/", params={"session_id": name}, content="SELECT {p:UInt8}")
    assert second.headers["x-clickhouse-exception-code"] == "456"


def test_a_session_is_one_identitys_own(http: httpx.Client, warehouse: WarehouseSettings) -> None:
    name = f"s-{uuid.uuid4()}"
    http.post("/", params={"session_id": name}, content="CREATE TEMPORARY TABLE mine AS SELECT 1")
    answer = httpx.post(
        f"http://127.0.0.1:{warehouse.port}/",
        params={"session_id": name},
        content="SELECT * FROM mine",
        auth=warehouse.login("reader"),
    )
    assert answer.status_code == 404


def test_url_settings_do_not_stay_in_a_session(http: httpx.Client) -> None:
    session = {"session_id": f"s-{uuid.uuid4()}"}
    read = "SELECT value FROM system.settings WHERE name IN ('max_threads', 'max_block_size')"
    url = {**session, "max_threads": "3", "database": "ops"}
    before = http.post("/", params=session, content=f"{read} ORDER BY name").text.splitlines()[1]
    http.post("/", params=url, content="SET max_block_size = 99")
    http.post("/", params={**session, "max_threads": "3"}, content="USE ml")
    after = http.post("/", params=session, content=f"{read} ORDER BY name").text.splitlines()
    assert after == ["99", before]
    assert http.post("/", params=session, content="SELECT currentDatabase()").text == "ml\n"
