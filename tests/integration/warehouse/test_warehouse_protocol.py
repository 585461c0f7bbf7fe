"""ClickHouse's HTTP interface as plain HTTP: every way in, every way to be refused."""

import base64
import gzip
import json
import time
import uuid
import zlib
from concurrent.futures import ThreadPoolExecutor

import httpx
import lz4.frame
import pytest
import zstandard

from warehouse.settings import WarehouseSettings


def test_ping_needs_no_password(warehouse: WarehouseSettings) -> None:
    answer = httpx.get(f"http://127.0.0.1:{warehouse.port}/ping")
    assert (answer.status_code, answer.text) == (200, "Ok.\n")


def test_statement_in_the_url_and_in_the_body(http: httpx.Client) -> None:
    assert http.get("/", params={"query": "SELECT 1"}).text == "1\n"
    assert http.post("/", params={"query": "SELECT 2"}).text == "2\n"
    assert http.post("/", content="SELECT 3").text == "3\n"
    assert http.post("/", params={"query": "SELECT"}, content="4").text == "4\n"
    assert http.post("/", content=b"-- first\nSELECT 5 ;\n").text == "5\n"
    urlencoded = {"content-type": "application/x-www-form-urlencoded"}
    assert http.post("/", content="SELECT 6", headers=urlencoded).text == "6\n"
    assert http.post("/", files={"query": (None, "SELECT 7")}).text == "7\n"


def test_insert_in_every_way(http: httpx.Client, table: str) -> None:
    count = 0
    for params, content in (
        ({"query": f"INSERT INTO {table} FORMAT CSV"}, "1,one\n2,two\n"),
        ({}, f"INSERT INTO {table} FORMAT CSV\n1,one\n2,two\n"),
        ({}, f'INSERT INTO {table} (a, s) FORMAT JSONEachRow\n{{"a":1,"s":"x"}}{{"a":2,"s":"y"}}'),
        ({}, f"INSERT INTO {table} VALUES (1, 'a;b'), (2, 'FORMAT')"),
        ({}, f"INSERT INTO {table} VALUES (1, concat('a', 'b')), (2, 'x');"),
        ({"query": f"INSERT INTO {table} VALUES"}, "(1, 'x'), (2, 'y')"),
        ({"query": f"INSERT INTO {table}"}, "VALUES (1, 'x'), (2, 'y')"),
        ({"query": f"INSERT INTO {table} SETTINGS max_threads = 1 FORMAT TSV"}, "1\tx\n2\ty\n"),
        ({}, f"INSERT INTO {table} SELECT number, 'FORMAT CSV' FROM numbers(2)"),
        ({}, f"/* c */ insert into {table} (SELECT 1, 'x' UNION ALL SELECT 2, 'y')"),
        (
            {},
            f"WITH x AS (SELECT 1 AS n UNION ALL SELECT 2) INSERT INTO {table} SELECT n, '' FROM x",
        ),
        ({"param_v": "5"}, f"INSERT INTO {table} VALUES ({{v:UInt64}}, 'a'), (2, 'b')"),
    ):
        answer = http.post("/", params=params, content=content)
        assert answer.status_code == 200, (content, answer.text)
        summary = json.loads(answer.headers["x-clickhouse-summary"])
        assert summary["written_rows"] == "2", content
        count += 2
    assert http.post("/", content=f"SELECT count() FROM {table}").text == f"{count}\n"


def test_native_data_after_the_first_line(http: httpx.Client, table: str) -> None:
    native = http.post(
        "/", content="SELECT number AS a, toString(number) AS s FROM numbers(1000) FORMAT Native"
    ).content
    http.post("/", content=f"INSERT INTO {table} FORMAT Native\n".encode() + native)
    assert http.post("/", content=f"SELECT count(), sum(a) FROM {table}").text == "1000\t499500\n"


def _frames(data: bytes) -> list[bytes]:
    size = len(data) // 50 + 1
    return [data[start : start + size] for start in range(0, len(data), size)]


ENCODERS = {
    "lz4": lz4.frame.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "gzip": gzip.compress,
    "gz": gzip.compress,
    "deflate": zlib.compress,
}


@pytest.mark.parametrize("encoding", sorted(ENCODERS))
@pytest.mark.parametrize("streamed", [False, True])
def test_bodies_of_many_concatenated_frames(
    http: httpx.Client, table: str, encoding: str, streamed: bool
) -> None:
    data = "".join(f"{n},row number {n}\n" for n in range(100_000)).encode()
    frames = [ENCODERS[encoding](part) for part in _frames(data)]
    body = b"".join(frames)
    odd = (body[start : start + 7919] for start in range(0, len(body), 7919))
    answer = http.post(
        "/",
        params={"query": f"INSERT INTO {table} FORMAT CSV"},
        content=odd if streamed else body,
        headers={"content-encoding": encoding},
    )
    assert answer.status_code == 200, answer.text
    assert http.post("/", content=f"SELECT uniqExact(a) FROM {table}").text == "100000\n"


def test_a_compressed_statement(http: httpx.Client) -> None:
    headers = {"content-encoding": "lz4"}
    assert http.post("/", content=lz4.frame.compress(b"SELECT 1"), headers=headers).text == "1\n"


@pytest.mark.parametrize("encoding", ["lz4", "zstd", "gzip"])
def test_a_truncated_or_broken_body_is_refused(
    http: httpx.Client, table: str, encoding: str
) -> None:
    whole = ENCODERS[encoding](b"1,one\n" * 1000)
    for body in (whole[: len(whole) // 2], b"no frame at all"):
        answer = http.post(
            "/",
            params={"query": f"INSERT INTO {table} FORMAT CSV"},
            content=body,
            headers={"content-encoding": encoding},
        )
        assert answer.status_code == 400
        assert answer.headers["x-clickhouse-exception-code"] == "271"
    assert http.post("/", content=f"SELECT count() FROM {table}").text == "0\n"


def test_unknown_encodings_are_named(http: httpx.Client) -> None:
    answer = http.post("/", content=b"x", headers={"content-encoding": "snappy"})
    assert answer.headers["x-clickhouse-exception-code"] == "89"
    assert "snappy" in answer.text
    for name in ("compress", "decompress"):
        answer = http.post("/", params={name: "1"}, content="SELECT 1")
        assert answer.status_code == 501
        assert "Content-Encoding" in answer.text


@pytest.mark.parametrize("encoding", ["lz4", "zstd", "gzip", "deflate"])
@pytest.mark.parametrize("rows", [1, 400_000])
def test_responses_are_compressed_on_demand(
    warehouse: WarehouseSettings, encoding: str, rows: int
) -> None:
    decoders = {
        "lz4": lz4.frame.decompress,
        "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
        "gzip": gzip.decompress,
        "deflate": zlib.decompress,
    }
    with httpx.stream(
        "POST",
        f"http://127.0.0.1:{warehouse.port}/",
        content=f"SELECT number FROM numbers({rows})",
        auth=warehouse.login("owner"),
        headers={"accept-encoding": encoding},
    ) as answer:
        body = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == encoding
    assert decoders[encoding](body) == b"".join(b"%d\n" % n for n in range(rows))


def test_no_compression_when_switched_off(http: httpx.Client) -> None:
    answer = http.post(
        "/",
        params={"enable_http_compression": "0"},
        content="SELECT 1",
        headers={"accept-encoding": "gzip"},
    )
    assert "content-encoding" not in answer.headers


def test_headers_and_a_true_summary(http: httpx.Client) -> None:
    answer = http.post(
        "/",
        params={"query_id": "mine", "database": "ops"},
        content="SELECT number, currentDatabase() FROM numbers(1000) WHERE number % 2 FORMAT JSON",
    )
    assert answer.headers["x-clickhouse-query-id"] == "mine"
    assert answer.headers["x-clickhouse-format"] == "JSON"
    assert answer.headers["x-clickhouse-timezone"] == "UTC"
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"
    summary = json.loads(answer.headers["x-clickhouse-summary"])
    assert summary["read_rows"] == "1000"
    assert summary["read_bytes"] == "8000"
    assert summary["result_rows"] == "500"
    assert summary["written_rows"] == "0"
    assert int(summary["elapsed_ns"]) > 0
    assert answer.json()["rows"] == 500
    assert answer.json()["data"][0]["currentDatabase()"] == "ops"


@pytest.mark.parametrize("output", ["Native", "TabSeparated", "JSONEachRow", "CSVWithNames"])
def test_summary_of_a_large_result_when_it_waits_for_the_end(
    http: httpx.Client, output: str
) -> None:
    answer = http.post(
        "/",
        params={"wait_end_of_query": "1"},
        content=f"SELECT number, toString(number) FROM numbers(6000000) FORMAT {output}",
    )
    summary = json.loads(answer.headers["x-clickhouse-summary"])
    assert (summary["read_rows"], summary["result_rows"]) == ("6000000", "6000000")
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize(
    "output", ["JSON", "JSONCompact", "CSVWithNames", "Parquet", "ArrowStream", "XML", "Pretty"]
)
def test_formats_with_head_and_foot_are_one_document(http: httpx.Client, output: str) -> None:
    answer = http.post(
        "/", params={"default_format": output}, content="SELECT number AS n FROM numbers(200000)"
    )
    assert answer.headers["x-clickhouse-format"] == output
    if output == "JSON":
        assert len(answer.json()["data"]) == 200_000
    if output == "CSVWithNames":
        assert answer.text.count('"n"') == 1
    if output == "Parquet":
        assert answer.content[:4] == answer.content[-4:] == b"PAR1"


def test_totals_come_with_the_result(http: httpx.Client) -> None:
    answer = http.post(
        "/",
        content="SELECT number % 2 AS k, sum(number) FROM numbers(10) GROUP BY k WITH TOTALS "
        "ORDER BY k",
    )
    assert answer.text == "0\t20\n1\t25\n\n0\t45\n"


def test_extremes_come_with_the_result(http: httpx.Client) -> None:
    query = "SELECT number FROM numbers(3)"
    expected = "0\n1\n2\n\n0\n2\n"
    assert http.post("/", params={"extremes": "1"}, content=query).text == expected
    assert http.post("/", content=f"{query} SETTINGS extremes = 1").text == expected
    assert http.post("/", content=f"{query} FORMAT TSV SETTINGS extremes = 1").text == expected


def test_format_by_header_clause_and_default(http: httpx.Client) -> None:
    assert http.post("/", content="SELECT 1", headers={"x-clickhouse-format": "CSV"}).text == "1\n"
    answer = http.post("/", content="SELECT 'a' FORMAT CSV SETTINGS max_threads = 1")
    assert answer.text == '"a"\n'
    assert http.post("/", content="SELECT 1 AS format FORMAT TSVWithNames").text == "format\n1\n"
    answer = http.post("/", content="SHOW DATABASES LIKE 'ml' FORMAT JSONCompact")
    assert answer.json()["data"] == [["ml"]]


def test_errors_have_body_code_and_status(http: httpx.Client) -> None:
    answer = http.post("/", content="SELECT nope")
    assert answer.status_code == 404
    assert answer.headers["x-clickhouse-exception-code"] == "47"
    assert answer.text.startswith("Code: 47. DB::Exception: ")
    assert "(UNKNOWN_IDENTIFIER) (version 26." in answer.text
    for content, code, status in (
        ("", 62, 400),
        ("  -- nothing\n", 62, 400),
        ("SELECT 1; SELECT 2", 62, 400),
        ("SELECT 1 INTO OUTFILE '/nowhere/x'", 358, 500),
        ("INSERT INTO t FROM INFILE '/nowhere/x' FORMAT CSV", 48, 501),
        ("SELECT 1 FORMAT Nope", 73, 404),
        ("SELECT * FROM nope.nope", 81, 404),
    ):
        answer = http.post("/", content=content)
        assert (answer.headers["x-clickhouse-exception-code"], answer.status_code) == (
            str(code),
            status,
        ), content


def _read_all(answer: httpx.Response, received: bytearray) -> None:
    for part in answer.iter_raw():
        received += part


def test_late_errors_leave_the_response_unfinished(http: httpx.Client) -> None:
    query = "SELECT throwIf(number = 5000000, 'late') FROM numbers(10000000) FORMAT {}"
    for output in ("TabSeparated", "CSVWithNames"):
        received = bytearray()
        with http.stream("POST", "/", content=query.format(output)) as answer:
            assert answer.status_code == 200
            tag = answer.headers["x-clickhouse-exception-tag"]
            with pytest.raises(httpx.RemoteProtocolError):
                _read_all(answer, received)
        assert f"__exception__\r\n{tag}\r\nCode: 395.".encode() in received
        assert received.endswith(f"{tag}\r\n__exception__\r\n".encode())


def test_get_changes_nothing(http: httpx.Client, table: str) -> None:
    for statement in (
        f"INSERT INTO {table} VALUES (1, 'x')",
        f"DROP TABLE {table}",
        "KILL QUERY WHERE 0",
    ):
        answer = http.get("/", params={"query": statement})
        assert answer.headers["x-clickhouse-exception-code"] == "164", statement
    assert http.put("/", content="SELECT 1").status_code == 501


def test_external_data_is_refused_in_words(http: httpx.Client) -> None:
    answer = http.post(
        "/",
        params={"query": "SELECT * FROM ext", "ext_structure": "a Int8"},
        files={"ext": ("ext.csv", b"1\n")},
    )
    assert answer.status_code == 501
    assert "External data is not supported" in answer.text


def test_three_ways_to_name_oneself(warehouse: WarehouseSettings) -> None:
    url = f"http://127.0.0.1:{warehouse.port}/"
    user, password = warehouse.login("owner")
    headers = {"x-clickhouse-user": user, "x-clickhouse-key": password}
    assert httpx.post(url, content="SELECT 1", headers=headers).text == "1\n"
    params = {"user": user, "password": password}
    assert httpx.post(url, content="SELECT 1", params=params).text == "1\n"
    assert httpx.post(url, content="SELECT 1", auth=(user, password)).text == "1\n"


def test_wrong_names_and_passwords(warehouse: WarehouseSettings) -> None:
    url = f"http://127.0.0.1:{warehouse.port}/"
    user, password = warehouse.login("owner")
    reader, _ = warehouse.login("reader")
    none = httpx.post(url, content="SELECT 1")
    assert (none.status_code, none.headers["x-clickhouse-exception-code"]) == (401, "194")
    assert none.headers["www-authenticate"].startswith("Basic")
    for attempt in (
        {"auth": (user, "")},
        {"auth": (user, password + "x")},
        {"auth": ("nobody", password)},
        {"auth": ("default", "")},
        {"auth": (reader, password)},
        {"params": {"user": user}},
        {"headers": {"x-clickhouse-user": user}},
        {"headers": {"authorization": "Bearer " + password}},
        {"headers": {"authorization": "Basic !!!"}},
        {"headers": {"authorization": "Basic " + base64.b64encode(b"\xff\xfe").decode()}},
        {"headers": {"x-clickhouse-user": user, "x-clickhouse-key": "x"}, "auth": (user, password)},
    ):
        answer = httpx.post(url, content="SELECT 1", **attempt)
        assert answer.status_code == 403, attempt
        assert answer.headers["x-clickhouse-exception-code"] == "516"
        assert password not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example:8123"},
        {"host": "127.0.0.1.evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:1"},
    ],
)
def test_foreign_pages_are_refused(http: httpx.Client, headers: dict[str, str]) -> None:
    for path in ("/", "/ping"):
        answer = http.get(path, params={"query": "SELECT 1"}, headers=headers)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_own_page_may_ask(http: httpx.Client, warehouse: WarehouseSettings) -> None:
    origin = {"origin": f"http://127.0.0.1:{warehouse.port}"}
    assert http.post("/", content="SELECT 1", headers=origin).text == "1\n"


def test_unknown_paths(http: httpx.Client) -> None:
    assert http.get("/nothing").status_code == 404
    assert http.get("/nothing", headers={"host": "evil.example"}).status_code == 403


def test_statements_have_a_size(http: httpx.Client, table: str) -> None:
    """As on a server: 256 KiB, or max_query_size; the data of an INSERT is no part of it."""
    long = f"SELECT length('{'x' * 300_000}')"
    for content, params in (
        (long, {}),
        (long, {"max_query_size": "299999"}),
        (f"INSERT INTO {table} SELECT 1, '{'x' * 300_000}'", {}),
        ("SELECT " + "1," * 4_000_000 + "1", {}),
    ):
        answer = http.post("/", params=params, content=content)
        assert answer.headers["x-clickhouse-exception-code"] == "62", answer.text[:300]
        assert "Max query size exceeded" in answer.text
    for params in ({"max_query_size": "400000"}, {"max_query_size": "0"}):
        assert http.post("/", params=params, content=long).text == "300000\n"
    session = {"session_id": f"s-{uuid.uuid4()}"}
    http.post("/", params=session, content="SET max_query_size = 400000")
    assert http.post("/", params=session, content=long).text == "300000\n"
    rows = ",".join(f"({n}, 'row number {n}')" for n in range(100_000))
    insert = f"INSERT INTO {table} VALUES {rows}"
    assert http.post("/", content=insert).status_code == 200
    assert http.post("/", content=insert, params={"max_query_size": "0"}).status_code == 200
    lines = "".join(f"{n}\trow number {n}\n" for n in range(100_000))
    assert http.post("/", content=f"INSERT INTO {table} FORMAT TSV\n{lines}").status_code == 200
    big = f"INSERT INTO {table} SELECT 1, '{'x' * 300_000}'"
    assert http.post("/", content=big, params={"max_query_size": "500000"}).status_code == 200
    assert http.post("/", content=f"SELECT count() FROM {table}").text == "300001\n"


def test_a_long_statement_holds_nobody_up(http: httpx.Client, warehouse: WarehouseSettings) -> None:
    long = "SELECT length([" + "1," * 1_000_000 + "1])"
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(http.post, "/", params={"max_query_size": "0"}, content=long)
        slowest = 0.0
        while not answer.done():
            started = time.monotonic()
            httpx.get(f"http://127.0.0.1:{warehouse.port}/ping", timeout=60)
            slowest = max(slowest, time.monotonic() - started)
        assert answer.result().headers["x-clickhouse-query-id"]
    assert slowest < 2


@pytest.mark.parametrize("identifier", ["a\r\nset-cookie: x", "a\nb", "a\x00b"])
@pytest.mark.parametrize("form", [False, True])
def test_a_query_id_is_one_line(http: httpx.Client, identifier: str, form: bool) -> None:
    if form:
        files = {"query": (None, "SELECT 1"), "query_id": (None, identifier)}
        answer = http.post("/", files=files)
    else:
        answer = http.post("/", params={"query_id": identifier}, content="SELECT 1")
    assert answer.status_code == 400
    assert "query_id" in answer.text
    assert "set-cookie" not in answer.headers


def test_same_query_id_twice_at_once(http: httpx.Client, warehouse: WarehouseSettings) -> None:
    query_id = f"twice-{uuid.uuid4()}"
    url = f"http://127.0.0.1:{warehouse.port}/"
    with httpx.stream(
        "POST",
        url,
        params={"query_id": query_id},
        content="SELECT number FROM numbers(2000000000)",
        auth=warehouse.login("owner"),
    ) as running:
        parts = running.iter_raw()  # held: a generator that goes closes its connection
        next(parts)
        again = http.post("/", params={"query_id": query_id}, content="SELECT 1")
        assert again.headers["x-clickhouse-exception-code"] == "216"
