"""The target ``cluster``: what dbt says to replicated servers, held against the engine's parser."""

import re
from collections.abc import Iterator, Sequence

import pytest
from clickhouse_connect.driver.client import Client
from raw_tables import create_raw, day, fill
from recording_cluster import RecordingCluster, alone, recording_cluster

from tests.integration.dbt.dbt_in_process import DbtInProcess
from warehouse.client import connect

# three builds of every model, one after the other
pytestmark = pytest.mark.timeout(1800)

COMMENT = re.compile(r"^\s*/\*.*?\*/\s*", re.DOTALL)
DDL = re.compile(r"^(create|drop|rename|exchange|truncate|system|alter) ", re.IGNORECASE)
# Changes of a replicated table's rows and parts: its replicas take them from each other.
OF_ROWS = re.compile(
    r"^alter table \S+\s+(replace|attach|drop|move|materialize|delete|update|freeze)\b"
    r"(?!\s+column)|^delete from",
    re.IGNORECASE,
)
TABLE = re.compile(r"^create table", re.IGNORECASE)
ON_CLUSTER = re.compile(r'\bon cluster\s+("credence"|credence\b)', re.IGNORECASE)


@pytest.fixture(scope="module")
def cluster(dbt: DbtInProcess) -> Iterator[RecordingCluster]:
    url = f"http://{dbt.warehouse.host}:{dbt.warehouse.port}"
    with recording_cluster(url) as found:
        yield found


@pytest.fixture(scope="module")
def statements(dbt: DbtInProcess, cluster: RecordingCluster) -> Sequence[str]:
    """What a first build, a day's run and a full refresh sent, without dbt's comment."""
    recorded = dbt.warehouse.model_copy(update={"port": cluster.port})
    there = DbtInProcess(recorded, dbt.folder, target="cluster")
    with connect(settings=dbt.warehouse) as client:
        raw = dbt.warehouse.database("raw")
        create_raw(client, raw)
        for number in (1, 2):
            read_day(client, raw, number)
        window = {"start_date": day(2).isoformat(), "end_date": day(2).isoformat()}
        there.succeed("seed")
        there.succeed("run")
        there.succeed("test", "--select", "core,test_type:data")
        read_day(client, raw, 3)
        # rows of the second day are gone, others have come
        client.command(f"DELETE FROM {raw}.tiktok__videos WHERE snapshot_date = '{day(2)}'")
        there.succeed("run", variables=window)
        there.succeed("run", "--full-refresh", "--select", "core")
    return [COMMENT.sub("", statement).strip() for statement in cluster.statements]


def read_day(client: Client, raw: str, number: int) -> None:
    """A day of one account with two posts."""
    fill(
        client,
        f"{raw}.tiktok__users",
        "snapshot_date open_id display_name follower_count video_count",
        [(day(number), "t1", "Tom", 1000 + number, 2)],
    )
    fill(
        client,
        f"{raw}.tiktok__videos",
        "snapshot_date open_id id title view_count like_count comment_count share_count",
        [(day(number), "t1", f"v{post}", "A video", 100 * number, 10, 1, 0) for post in (1, 2)],
    )


def ddl(statements: Sequence[str]) -> list[str]:
    found = [" ".join(statement.split()) for statement in statements]
    return [text for text in found if DDL.match(text) and not OF_ROWS.match(text)]


@pytest.mark.slow
def test_every_statement_is_one_that_the_engine_parses(
    statements: Sequence[str], warehouse_client: Client
) -> None:
    assert len(statements) > 300
    for statement in dict.fromkeys(statements):
        # the rows that follow a seed's INSERT are data
        text = re.sub(r"\bformat CSV\b.*", "values ('')", statement, flags=re.DOTALL)
        parsed = warehouse_client.command(f"EXPLAIN AST {text}")
        assert parsed, text


@pytest.mark.slow
def test_every_ddl_is_run_on_the_cluster(statements: Sequence[str]) -> None:
    found = ddl(statements)
    assert {text.split()[0].lower() for text in found} >= {"create", "drop", "exchange", "system"}
    temporary = re.compile(r"^(create|drop) temporary", re.IGNORECASE)
    assert [t for t in found if not ON_CLUSTER.search(t) and not temporary.match(t)] == []


@pytest.mark.slow
def test_every_table_is_replicated(statements: Sequence[str]) -> None:
    tables = [text for text in ddl(statements) if TABLE.match(text)]
    assert len(tables) > 20
    engine = re.compile(r"\bengine = Replicated\w*MergeTree", re.IGNORECASE)
    assert [t[:120] for t in tables if not engine.search(t)] == []


@pytest.mark.slow
def test_the_days_run_moved_rows_as_replicas_take_them_over(statements: Sequence[str]) -> None:
    rows = [s for s in (" ".join(s.split()) for s in statements) if OF_ROWS.match(s)]
    assert any(re.search(r"\b(replace|attach) partition id", text) for text in rows)
    assert any(text.startswith("delete from") for text in rows)


@pytest.mark.parametrize(
    ("statement", "left"),
    [
        ('drop table if exists a.b ON CLUSTER "credence" SYNC', "drop table if exists a.b   SYNC"),
        ("create table a.b engine = ReplicatedMergeTree", "create table a.b engine = MergeTree"),
        (
            "select * from clusterAllReplicas('credence', system.tables)",
            "select * from system.tables",
        ),
        ('/* dbt */ SYSTEM SYNC REPLICA ON CLUSTER "credence" a.b', "select 1"),
    ],
)
def test_the_stub_leaves_what_one_server_can_run(statement: str, left: str) -> None:
    assert alone(statement) == left
