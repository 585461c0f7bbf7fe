"""The server as a process: starting, stopping, killing queries, many clients, much data."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest
from clickhouse_connect.driver.client import Client

from tests.warehouse_process import ROOT, WarehouseServer
from warehouse.client import connect
from warehouse.errors import UserError
from warehouse.server.process import serve
from warehouse.settings import WarehouseSettings

ENDLESS = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WarehouseServer]:
    found = WarehouseServer(tmp_path / "data")
    yield found
    found.stop()


def run(*arguments: str, settings: WarehouseSettings | None = None) -> subprocess.CompletedProcess:
    """``python -m warehouse`` with these arguments."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("CLICKHOUSE_", "WAREHOUSE_"))}
    if settings is not None:
        env |= {"CLICKHOUSE_PORT": str(settings.port), "WAREHOUSE_PATH": str(settings.path)}
    return subprocess.run(
        [sys.executable, "-m", "warehouse", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=env,
        timeout=60,
        check=False,
    )


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def post(server: WarehouseServer, content: str | bytes, **params: str) -> httpx.Response:
    auth = server.settings.login("owner")
    return httpx.post(server.url, params=params, content=content, auth=auth, timeout=60)


def running(server: WarehouseServer, query_id: str) -> bool:
    text = f"SELECT count() FROM system.processes WHERE query_id = '{query_id}'"
    return post(server, text).text == "1\n"


def assert_one_line(result: subprocess.CompletedProcess, *words: str) -> None:
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr


def test_passwords_are_made_once_and_private(tmp_path: Path) -> None:
    first = WarehouseServer(tmp_path / "data")
    passwords = first.settings.login("owner")[1], first.settings.login("reader")[1]
    assert first.stop() == 0
    assert passwords[0] != passwords[1]
    assert min(map(len, passwords)) >= 24
    for name in ("owner", "reader"):
        mode = (tmp_path / "data" / f"{name}.password").stat().st_mode
        assert stat.S_IMODE(mode) == 0o600
    second = WarehouseServer(tmp_path / "data")
    assert (second.settings.login("owner")[1], second.settings.login("reader")[1]) == passwords
    second.stop()


def test_passwords_of_the_environment_win(tmp_path: Path) -> None:
    env = {"CLICKHOUSE_PASSWORD": "from-outside", "CLICKHOUSE_USER": "boss"}
    server = WarehouseServer(tmp_path / "data", env=env)
    assert httpx.post(server.url, content="SELECT 1", auth=("boss", "from-outside")).text == "1\n"
    assert not (tmp_path / "data" / "owner.password").exists()
    server.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(tmp_path: Path, number: int) -> None:
    server = WarehouseServer(tmp_path / "data")
    post(server, "CREATE TABLE t (a Int8) ENGINE = MergeTree ORDER BY a")
    server.process.send_signal(number)
    out, err = server.process.communicate(timeout=30)
    assert (server.process.returncode, out, err) == (0, "", "")
    again = WarehouseServer(tmp_path / "data")
    assert post(again, "SELECT count() FROM t").text == "0\n"
    again.stop()


def test_sigterm_finishes_running_queries(server: WarehouseServer) -> None:
    post(server, "CREATE TABLE slow (a UInt64) ENGINE = MergeTree ORDER BY a")
    slow = "SELECT sum(sleepEachRow(0.02)) FROM numbers(100) SETTINGS max_block_size = 10"
    with ThreadPoolExecutor() as pool:
        select = pool.submit(post, server, slow, query_id="slow-select")
        insert = pool.submit(
            post,
            server,
            "INSERT INTO slow SELECT number + sleepEachRow(0.02) FROM numbers(100) "
            "SETTINGS max_block_size = 10",
            query_id="slow-insert",
        )
        wait_until(lambda: running(server, "slow-select") and running(server, "slow-insert"))
        server.process.send_signal(signal.SIGTERM)
        assert select.result().text == "0\n"
        assert json.loads(insert.result().headers["x-clickhouse-summary"])["written_rows"] == "100"
    assert server.process.wait(timeout=30) == 0
    again = WarehouseServer(server.path)
    assert post(again, "SELECT count() FROM slow").text == "100\n"
    again.stop()


def test_the_engine_leaves_memory_to_others(server: WarehouseServer) -> None:
    text = "SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'"
    limit = int(post(server, text).text)
    assert 0 < limit <= 0.71 * psutil.virtual_memory().total


def test_files_of_the_user_in_the_data_folder_stay(tmp_path: Path) -> None:
    mine = tmp_path / "scratch" / "notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    server = WarehouseServer(tmp_path)
    server.stop()
    assert mine.read_text() == "mine"


def test_second_server_on_a_path(server: WarehouseServer) -> None:
    result = run("server", "--path", str(server.path), "--port", "0")
    assert_one_line(result, str(server.path), str(server.process.pid), server.url, "--path")
    assert post(server, "SELECT 1").text == "1\n"


def test_paths_that_cannot_be_a_data_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    for path in (str(file), str(file / "below"), "/proc/x", str(tmp_path / "a?b")):
        assert_one_line(run("server", "--path", path, "--port", "0"), path, "--path")
    assert not (tmp_path / "a").exists()


def test_ports_beyond_the_range(tmp_path: Path) -> None:
    result = run("server", "--path", str(tmp_path / "data"), "--port", "99999")
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "65535" in result.stderr
    assert not (tmp_path / "data").exists()


def test_owner_and_reader_have_names_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENCE_ENV", "")
    same = WarehouseSettings(_env_file=None, user="reader", path=tmp_path)
    with pytest.raises(UserError, match="same name"):
        serve(same, "127.0.0.1", 0)


def test_the_data_folder_is_its_users_alone(server: WarehouseServer) -> None:
    for folder in (server.path, server.path / "engine"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_password_beyond_ascii(tmp_path: Path) -> None:
    password = "sésame-鍵"
    server = WarehouseServer(tmp_path / "data", env={"CLICKHOUSE_PASSWORD": password})
    headers = {"x-clickhouse-user": b"owner", "x-clickhouse-key": password.encode()}
    assert httpx.post(server.url, content="SELECT 1", headers=headers).text == "1\n"
    assert httpx.post(server.url, content="SELECT 1", auth=("owner", password)).text == "1\n"
    params = {"user": "owner", "password": password}
    assert httpx.post(server.url, content="SELECT 1", params=params).text == "1\n"
    server.stop()


def test_busy_port(server: WarehouseServer, tmp_path: Path) -> None:
    result = run("server", "--path", str(tmp_path / "other"), "--port", str(server.port))
    assert_one_line(result, f"port {server.port}", "--port")


def test_sigkill_leaves_no_lock(tmp_path: Path) -> None:
    server = WarehouseServer(tmp_path / "data")
    post(server, "CREATE TABLE kept (a UInt64) ENGINE = MergeTree ORDER BY a")
    post(server, "INSERT INTO kept SELECT number FROM numbers(1000)")
    server.stop(signal.SIGKILL)
    started = time.monotonic()
    again = WarehouseServer(tmp_path / "data")
    assert post(again, "SELECT count() FROM kept").text == "1000\n"
    assert time.monotonic() - started < 5
    again.stop()


def test_kill_query_by_the_clients_id(server: WarehouseServer) -> None:
    query_id = f"it's-{uuid.uuid4()}"
    with ThreadPoolExecutor() as pool:
        victim = pool.submit(post, server, ENDLESS, query_id=query_id)
        quoted = query_id.replace("'", "\\'")
        wait_until(lambda: running(server, quoted))
        answer = post(server, f"KILL QUERY WHERE query_id = '{quoted}' SYNC")
        assert answer.status_code == 200
        assert "finished" in answer.text or "waiting" in answer.text
        failed = victim.result(timeout=20)
    assert failed.headers["x-clickhouse-exception-code"] == "394"
    assert not running(server, quoted)


@pytest.mark.parametrize(
    "statement",
    [
        ENDLESS,
        "SELECT number FROM numbers(1000000000000)",
        "SELECT number FROM numbers(1000000000000) FORMAT CSVWithNames",
        "INSERT INTO FUNCTION null('a UInt64') SELECT number FROM numbers(1000000000000)",
    ],
)
def test_a_client_that_leaves_stops_its_query(server: WarehouseServer, statement: str) -> None:
    query_id = f"left-{uuid.uuid4()}"
    auth = server.settings.login("owner")
    params = {"query_id": query_id}

    def ask() -> None:
        with (
            httpx.Client(timeout=httpx.Timeout(10, read=1.5)) as client,
            client.stream("POST", server.url, params=params, content=statement, auth=auth) as got,
        ):
            next(got.iter_raw())

    with ThreadPoolExecutor() as pool:
        asked = pool.submit(ask)
        wait_until(lambda: running(server, query_id) or asked.done())
        # A query without a row in 1.5 s ends in a timeout of the client, the others in its leave.
        error = asked.exception(timeout=20)
        assert error is None or isinstance(error, httpx.ReadTimeout)
        wait_until(lambda: not running(server, query_id))
    assert post(server, "SELECT 1").text == "1\n"


def test_a_body_that_breaks_off_inserts_nothing(server: WarehouseServer) -> None:
    post(server, "CREATE TABLE broken (a UInt64) ENGINE = MergeTree ORDER BY a")

    def body() -> Iterator[bytes]:
        yield b"1\n2\n3\n"
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        httpx.post(
            server.url,
            params={"query": "INSERT INTO broken FORMAT CSV", "query_id": "broken"},
            content=body(),
            auth=server.settings.login("owner"),
        )
    wait_until(lambda: not running(server, "broken"))
    assert post(server, "SELECT count() FROM broken").text == "0\n"


def test_many_clients_at_once_wait_their_turn(server: WarehouseServer) -> None:
    post(server, "CREATE TABLE many (a UInt64) ENGINE = MergeTree ORDER BY a")

    def work(number: int) -> str:
        value = 1000 + number
        post(server, f"INSERT INTO many VALUES ({number})")
        text = "SELECT value, sleepEachRow(0.05) FROM system.settings WHERE name = 'max_block_size'"
        return post(server, text, max_block_size=str(value)).text

    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(work, range(120)))
    assert answers == [f"{1000 + number}\t0\n" for number in range(120)]
    assert post(server, "SELECT count(), uniqExact(a) FROM many").text == "120\t120\n"


def test_ten_million_rows_do_not_sit_in_memory(server: WarehouseServer) -> None:
    post(server, "CREATE TABLE big (a UInt64, s String) ENGINE = MergeTree ORDER BY a")
    client = connect(settings=server.settings, database="default")
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    block = b"".join(
        b"%d\ta text that is no shorter than it has to be\n" % n for n in range(100_000)
    )
    client.raw_insert("big", insert_block=(block for _ in range(100)), fmt="TSV")
    assert client.command("SELECT count() FROM big") == 10_000_000
    for output in ("Native", "JSONEachRow", "CSVWithNames", "ArrowStream"):
        size = 0
        with client.raw_stream("SELECT * FROM big", fmt=output) as stream:
            while part := stream.read(1 << 20):
                size += len(part)
        assert size > 40_000_000
    peak = next(
        int(line.split()[1]) * 1024
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )
    assert peak - before < 900_000_000


def test_other_host_names_only_when_allowed(tmp_path: Path) -> None:
    server = WarehouseServer(tmp_path / "data", "--allow-host", "warehouse.example")
    allowed = httpx.get(f"{server.url}/ping", headers={"host": "warehouse.example:8123"})
    assert allowed.status_code == 200
    assert httpx.get(f"{server.url}/ping", headers={"host": "other.example"}).status_code == 403
    server.stop()


def test_backup_and_restore(server: WarehouseServer, tmp_path: Path) -> None:
    settings = server.settings
    assert run("schema", settings=settings).returncode == 0
    client: Client = connect(settings=settings)
    client.command(
        "CREATE TABLE raw.b (a UInt64, s Nullable(String)) ENGINE = MergeTree ORDER BY a"
    )
    client.command("INSERT INTO raw.b SELECT number, if(number % 2, 'x', NULL) FROM numbers(1000)")
    folder = str(tmp_path / "backup")
    assert run("backup", folder, settings=settings).returncode == 0
    assert_one_line(run("backup", folder, settings=settings), folder, "exists")
    assert_one_line(run("restore", folder, settings=settings), "rows already")
    assert_one_line(run("restore", str(tmp_path), settings=settings), "no backup")
    other = WarehouseServer(tmp_path / "other")
    assert run("schema", settings=other.settings).returncode == 0
    done = run("restore", folder, settings=other.settings)
    assert done.returncode == 0, done.stderr
    restored = connect(settings=other.settings)
    assert restored.query("SELECT count(), count(s) FROM raw.b").first_row == (1000, 500)
    other.stop()


def test_query_from_the_shell(server: WarehouseServer) -> None:
    settings = server.settings
    result = run("query", "SELECT 1 AS one, NULL AS nothing, '[x]' AS s", settings=settings)
    assert result.returncode == 0
    for word in ("one", "nothing", "NULL", "[x]", "1 row"):
        assert word in result.stdout
    csv = run("query", "SELECT 1 AS a", "--format", "CSVWithNames", settings=settings)
    assert csv.stdout == '"a"\n1\n'
    assert_one_line(run("query", "SELECT nope", settings=settings), "UNKNOWN_IDENTIFIER")
    done = run("query", "CREATE TABLE shell (a Int8) ENGINE = Memory", settings=settings)
    assert done.stdout == "done\n"
    refused = run("query", "SELECT * FROM raw.x", "--identity", "reader", settings=settings)
    assert_one_line(refused, "ACCESS_DENIED")


def test_env_can_be_evaluated(server: WarehouseServer) -> None:
    result = run("env", settings=server.settings)
    text = f"{result.stdout}\necho $CLICKHOUSE_PORT:$CLICKHOUSE_PASSWORD"
    shell = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=True)
    assert shell.stdout == f"{server.port}:{server.settings.login('owner')[1]}\n"


def test_unreachable_server_from_the_shell(unused_port: int, tmp_path: Path) -> None:
    nowhere = WarehouseSettings(_env_file=None, port=unused_port, path=tmp_path, env="")
    assert_one_line(run("query", "SELECT 1", settings=nowhere), f"127.0.0.1:{unused_port}")


def test_sessions_lock_out_a_second_query(server: WarehouseServer) -> None:
    done = threading.Event()

    def hold() -> None:
        post(server, "SELECT sleep(2)", session_id="held", query_id="holder")
        done.set()

    thread = threading.Thread(target=hold)
    thread.start()
    wait_until(lambda: running(server, "holder") or done.is_set())
    answer = post(server, "SELECT 1", session_id="held")
    thread.join()
    assert answer.headers["x-clickhouse-exception-code"] == "373"
    assert post(server, "SELECT 1", session_id="held").text == "1\n"


def _deaf(server: WarehouseServer, statement: str, output: str = "TSV") -> socket.socket:
    """A client that asks and never reads."""
    user, password = server.settings.login("owner")
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(
        f"POST /?default_format={output} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"X-ClickHouse-User: {user}\r\nX-ClickHouse-Key: {password}\r\n"
        f"Content-Length: {len(statement)}\r\n\r\n{statement}".encode()
    )
    return connection


@pytest.mark.parametrize("output", ["TSV", "CSVWithNames"])
def test_clients_that_never_read_lose_their_place(tmp_path: Path, output: str) -> None:
    server = WarehouseServer(tmp_path / "data", limits="running=2, patience=1.0")
    endless = "SELECT number, toString(number) FROM numbers(100000000000)"
    deaf = [_deaf(server, endless, output) for _ in range(4)]
    started = time.monotonic()
    assert post(server, "SELECT 1").text == "1\n"
    assert time.monotonic() - started < 20
    left = "SELECT count() FROM system.processes WHERE query LIKE '%100000000000%' AND "
    wait_until(lambda: post(server, left + "query NOT LIKE '%processes%'").text == "0\n")
    for connection in deaf:
        connection.close()
    assert server.stop() == 0


def test_a_client_that_sends_no_data_loses_its_place(tmp_path: Path) -> None:
    server = WarehouseServer(tmp_path / "data", limits="running=1, patience=1.0")
    user, password = server.settings.login("owner")
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        post(server, "CREATE TABLE slow (a UInt64) ENGINE = MergeTree ORDER BY a")
        connection.sendall(
            b"POST /?query=INSERT%20INTO%20slow%20FORMAT%20TSV HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            + f"X-ClickHouse-User: {user}\r\nX-ClickHouse-Key: {password}\r\n".encode()
            + b"Content-Length: 1000000\r\n\r\n"
            + b"1\n" * 200_000
        )
        connection.settimeout(30)
        answer = b""
        while b"Code: 209." not in answer:
            part = connection.recv(65536)  # The head may come before the body.
            assert part, answer
            answer += part
    assert post(server, "SELECT count() FROM slow").text == "0\n"
    server.stop()


def test_a_client_that_leaves_the_queue_runs_nothing(tmp_path: Path) -> None:
    server = WarehouseServer(tmp_path / "data", limits="running=1, waiting=1")
    post(server, "CREATE TABLE queued (a UInt64) ENGINE = MergeTree ORDER BY a")
    holder = _deaf(server, "SELECT number FROM numbers(100000000000)")
    assert holder.recv(100)

    def code(seconds: float) -> str:
        auth = server.settings.login("owner")
        try:
            answer = httpx.post(server.url, content="SELECT 2", auth=auth, timeout=seconds)
        except httpx.ReadTimeout:
            return "waits"
        return answer.headers.get("x-clickhouse-exception-code", answer.text)

    waiting = _deaf(server, "INSERT INTO queued SELECT 1")
    wait_until(lambda: code(0.5) == "202")
    waiting.close()
    wait_until(lambda: code(0.5) == "waits")
    holder.close()
    wait_until(lambda: code(5) == "2\n")
    assert post(server, "SELECT count() FROM queued").text == "0\n"
    server.stop()


def test_sessions_of_an_identity_are_bounded(tmp_path: Path) -> None:
    server = WarehouseServer(tmp_path / "data", limits="sessions=2")
    for name in ("a", "b", "a"):
        assert post(server, "SELECT 1", session_id=name).text == "1\n"
    answer = post(server, "SELECT 1", session_id="c")
    assert answer.headers["x-clickhouse-exception-code"] == "700"
    post(server, "SELECT 1", session_id="a", close_session="1")
    assert post(server, "SELECT 1", session_id="c").text == "1\n"
    server.stop()
