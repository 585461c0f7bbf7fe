"""The sources against a real sandbox and a real warehouse: the rows that land, and land again."""

from collections.abc import Callable
from datetime import date

import pytest
from cryptography.fernet import Fernet
from dlt.common.exceptions import DltException
from ingestion_environment import DATA, Ingestion
from pydantic import SecretStr

from ingestion.connections import Tokens

TABLES = {
    "tiktok": ("tiktok__users", "tiktok__videos"),
    "youtube": (
        "youtube__channels",
        "youtube__playlist_items",
        "youtube__videos",
        "youtube__comment_threads",
    ),
    "app": ("app__creators", "app__connections"),
}


EXPIRED = Tokens(access_token=SecretStr("act.expired"))


def break_first(ingestion: Ingestion, platform: str, account_id: str | None = None) -> str:
    """Give the platform's first connection an expired token, or another account; gives the old."""
    store = ingestion.store
    first = store.connections(platform)[0]
    store.revoke(first.connection_id)
    if account_id:
        changes = {"connection_id": f"sandbox_{platform}_gone", "account_id": account_id}
        store.add(first.model_copy(update=changes), EXPIRED)
    else:
        store.add(first, EXPIRED)
    return first.account_id


@pytest.mark.parametrize("source", ["tiktok", "youtube", "app"])
def test_loading_twice_gives_the_same_rows(
    ingestion: Ingestion, source: str, three_days: list[date]
) -> None:
    days = [] if source == "app" else three_days
    ingestion.load(source, *days)
    first = {table: ingestion.rows(table) for table in TABLES[source]}
    assert all(first.values())
    ingestion.load(source, *days)
    assert {table: ingestion.rows(table) for table in TABLES[source]} == first


def test_each_account_has_each_day_and_counters_grow(
    ingestion: Ingestion, three_days: list[date]
) -> None:
    ingestion.load("tiktok", *three_days)
    ingestion.load("youtube", *three_days)
    for table, account in (("tiktok__users", "open_id"), ("youtube__channels", "id")):
        found = ingestion.query(
            f"SELECT snapshot_date, count(), uniqExact({account}) "
            f"FROM {{raw}}.{table} GROUP BY 1 ORDER BY 1"
        )
        assert found == [(day, 8, 8) for day in three_days]
    for table in ("tiktok__videos", "youtube__videos"):
        assert ingestion.query(f"SELECT count() > 50 FROM {{raw}}.{table}") == [(True,)]
        fell = ingestion.query(
            f"SELECT count() FROM {{raw}}.{table} AS a JOIN {{raw}}.{table} AS b ON a.id = b.id "
            "WHERE a.snapshot_date < b.snapshot_date AND a.view_count > b.view_count"
        )
        assert fell == [(0,)]


def test_one_day_is_replaced_and_the_others_stay(
    ingestion: Ingestion, three_days: list[date]
) -> None:
    ingestion.load("tiktok", *three_days)
    stamps = "SELECT snapshot_date, min(fetched_at) FROM {raw}.tiktok__videos GROUP BY 1 ORDER BY 1"
    before = ingestion.query(stamps)
    ingestion.load("tiktok", three_days[1])
    after = ingestion.query(stamps)
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]


def test_tables_are_typed_partitioned_and_indexed(ingestion: Ingestion) -> None:
    for source in TABLES:
        ingestion.load(source)
    raw = ingestion.warehouse.database("raw")
    types = {
        (table, column): kind
        for table, column, kind in ingestion.query(
            f"SELECT table, name, type FROM system.columns WHERE database = '{raw}'"
        )
    }
    for (table, column), kind in types.items():
        if str(table) not in {t for tables in TABLES.values() for t in tables}:
            continue
        if column == "snapshot_date":
            assert kind == "Date", table
        elif str(column) == "hidden_subscriber_count":
            assert kind == "Nullable(Bool)"
        elif str(column).endswith("_count"):
            assert kind == "Nullable(Int64)", (table, column)
        elif str(column).endswith("_id") or column == "id":
            assert kind in ("String", "Nullable(String)"), (table, column)
    assert types["tiktok__videos", "create_time"] == "Nullable(DateTime64(6, 'UTC'))"
    assert types["tiktok__videos", "fetched_at"] == "DateTime64(6, 'UTC')"
    keys = ingestion.query(
        "SELECT partition_key, sorting_key, primary_key FROM system.tables "
        f"WHERE database = '{raw}' AND name = 'youtube__videos'"
    )
    order = "snapshot_date, channel_id, id"
    assert keys == [("toYYYYMM(snapshot_date)", order, order)]


def test_replay_lands_every_recorded_row(
    make_ingestion: Callable[..., Ingestion], replay_sandbox: str
) -> None:
    ingestion = make_ingestion(replay_sandbox, "--replay", str(DATA))
    for source in TABLES:
        ingestion.load(source)
    assert ingestion.query("SELECT count(), uniqExact(id) FROM {raw}.tiktok__videos") == [
        (11_327, 10_335)
    ]
    assert ingestion.query("SELECT count(), uniqExact(open_id) FROM {raw}.tiktok__users") == [
        (362, 362)
    ]
    assert ingestion.query(
        "SELECT sum(view_count), sum(like_count), sum(comment_count), sum(share_count), "
        "sum(duration) FROM {raw}.tiktok__videos"
    ) == [_column_sums("view_count", "like_count", "comment_count", "share_count", "duration")]
    # What the file does not hold is absent, and platforms without accounts have their tables.
    assert ingestion.query(
        "SELECT count(width), count(cover_image_url) FROM {raw}.tiktok__videos"
    ) == [(0, 0)]
    assert [len(ingestion.rows(table)) for table in TABLES["youtube"]] == [0, 0, 0, 0]
    ingestion.load("tiktok")
    assert ingestion.query("SELECT count() FROM {raw}.tiktok__videos") == [(11_327,)]


def _column_sums(*columns: str) -> tuple[int, ...]:
    import pandas as pd

    frame = pd.read_csv(DATA / "real" / "tiktok_videos.csv", usecols=list(columns))
    return tuple(int(frame[column].sum()) for column in columns)


def test_a_broken_account_does_not_stop_the_rest(ingestion: Ingestion) -> None:
    broken = break_first(ingestion, "tiktok")
    gone = break_first(ingestion, "youtube", "UC_gone_for_ever_0000000")
    done = ingestion.command("-m", "ingestion.tiktok")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert "7 of 8 accounts read whole; 1 not, e.g. tiktok: account" in done.stdout
    assert "access_token_invalid" in done.stderr
    summary = ingestion.load("youtube").outcomes.summary()
    assert "channel UC_gone_for_ever_0000000 not found" in summary
    accounts = ingestion.query("SELECT count(), uniqExact(open_id) FROM {raw}.tiktok__users")
    assert accounts == [(7, 7)]
    assert ingestion.query("SELECT count() FROM {raw}.youtube__channels") == [(7,)]
    failures = ingestion.query(
        "SELECT stream, account_id, error_class FROM {ops}.ingestion_outcome "
        "WHERE status = 'failed' ORDER BY stream"
    )
    assert failures == [
        ("tiktok__users", broken, "access_token_invalid"),
        ("tiktok__videos", broken, "access_token_invalid"),
        ("youtube__channels", "UC_gone_for_ever_0000000", "channelNotFound"),
    ]
    assert gone not in {row[0] for row in ingestion.query("SELECT id FROM {raw}.youtube__channels")}
    ok = ingestion.query("SELECT count() FROM {ops}.ingestion_outcome WHERE status = 'ok'")
    assert int(str(ok[0][0])) >= 7 * 5


def test_all_accounts_broken_is_an_error(ingestion: Ingestion) -> None:
    store = ingestion.store
    store.put([], [(connection, EXPIRED) for connection in store.connections()])
    assert "none of 8 accounts could be read" in ingestion.fails("tiktok")


def test_a_wrong_key_is_one_line_and_nothing_lands(ingestion: Ingestion) -> None:
    line = ingestion.fails("youtube", YOUTUBE_API_KEY="not-the-key")
    assert "API key not valid" in line
    assert "Check YOUTUBE_API_KEY" in line
    assert "not-the-key" not in line
    assert ingestion.query("SHOW TABLES FROM {raw} LIKE 'youtube__%videos'") == []
    assert "no API key. Set YOUTUBE_API_KEY" in ingestion.fails("youtube", YOUTUBE_API_KEY="")
    ingestion.load("youtube")


@pytest.mark.parametrize(
    ("source", "env", "said"),
    [
        ("tiktok", {"CLICKHOUSE_PORT": "1"}, "127.0.0.1:1"),
        ("tiktok", {"CLICKHOUSE_PASSWORD": "no"}, "CLICKHOUSE_PASSWORD"),
        ("tiktok", {"CREDENCE_ENV": "nowhere"}, "python -m warehouse schema"),
        ("tiktok", {"TIKTOK_BASE_URL": "http://127.0.0.1:1"}, "Check TIKTOK_BASE_URL"),
        ("youtube", {"YOUTUBE_BASE_URL": "http://127.0.0.1:1"}, "Check YOUTUBE_BASE_URL"),
        ("youtube", {"YOUTUBE_BASE_URL": "not a url"}, "YOUTUBE_BASE_URL"),
        (
            "tiktok",
            {"DATABASE_URL": "sqlite:////dev/null/c.db"},
            "c.db: cannot be opened",
        ),
        ("app", {"DATABASE_URL": "sqlite:////dev/null/c.db"}, "c.db: cannot be opened"),
        ("app", {"DATABASE_URL": "mysql://host/c"}, "DATABASE_URL"),
        ("tiktok", {"TOKEN_KEYS": Fernet.generate_key().decode()}, "encrypted with another key"),
    ],
)
def test_what_cannot_be_reached_is_one_line(
    ingestion: Ingestion, source: str, env: dict[str, str], said: str
) -> None:
    assert said in ingestion.fails(source, **env)


def test_a_past_day_is_refused_where_there_is_no_sandbox_clock(
    ingestion: Ingestion, three_days: list[date]
) -> None:
    day = str(three_days[0])
    line = ingestion.fails("tiktok", "--snapshot-date", day, SANDBOX_CLOCK="false")
    assert f"snapshot date {day}: platforms show only the present" in line


def test_a_dry_run_counts_and_loads_nothing(ingestion: Ingestion) -> None:
    done = ingestion.command(
        "-m", "ingestion.tiktok", "--dry-run", "--limit", "3", CLICKHOUSE_PORT="1"
    )
    assert "tiktok__users: 3 rows (not loaded)" in done.stdout, done.stderr
    assert ingestion.query("SHOW TABLES FROM {raw}") == []


def test_attempts_are_kept_when_the_load_fails(ingestion: Ingestion) -> None:
    """A view stands where the table of videos should be: accounts are read, nothing can land."""
    raw = ingestion.warehouse.database("raw")
    ingestion.client.command(f"CREATE VIEW {raw}.tiktok__videos AS SELECT 1 AS n")
    with pytest.raises(DltException):
        ingestion.load("tiktok")
    found = ingestion.query(
        "SELECT stream, status, count() FROM {ops}.ingestion_outcome GROUP BY ALL ORDER BY ALL"
    )
    assert found == [("tiktok__users", "ok", 8), ("tiktok__videos", "ok", 8)]
