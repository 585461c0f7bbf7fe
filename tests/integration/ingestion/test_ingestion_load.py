"""The sources against a real sandbox and a real warehouse: the rows that land, and land again."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from cryptography.fernet import Fernet
from dlt.common.exceptions import DltException
from ingestion_environment import DATA, Ingestion
from pydantic import SecretStr

from ingestion.connections import Tokens
from ingestion.outcomes import Outcomes

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


@pytest.mark.parametrize("source", ["tiktok", "app"])
def test_loading_twice_gives_the_same_rows(
    ingestion: Ingestion, source: str, three_days: list[date]
) -> None:
    days = [] if source == "app" else three_days
    ingestion.load(source, *days)
    first = ingestion.raw_rows(source)
    assert len(first) >= 2
    assert sum(map(len, first.values())) > 10
    ingestion.load(source, *days)
    assert ingestion.raw_rows(source) == first


def test_each_account_has_each_day_and_counters_grow(
    ingestion: Ingestion, three_days: list[date]
) -> None:
    ingestion.load("tiktok", *three_days)
    accounts = len(ingestion.store.connections("tiktok"))
    assert ingestion.query(
        "SELECT snapshot_date, count(), uniqExact(open_id) "
        "FROM {raw}.tiktok__users GROUP BY 1 ORDER BY 1"
    ) == [(day, accounts, accounts) for day in three_days]
    assert ingestion.query("SELECT count() > 50 FROM {raw}.tiktok__videos") == [(True,)]
    grown = ingestion.query(
        "SELECT countIf(a.view_count > b.view_count), countIf(a.view_count < b.view_count) "
        "FROM {raw}.tiktok__videos AS a JOIN {raw}.tiktok__videos AS b ON a.id = b.id "
        "WHERE a.snapshot_date < b.snapshot_date"
    )
    ((fell, rose),) = grown
    assert (fell, int(str(rose)) > 0) == (0, True)


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
    for source in ("app", "youtube"):
        ingestion.load(source)
    raw = ingestion.warehouse.database("raw")
    types = ingestion.query(
        f"SELECT table, name, type FROM system.columns WHERE database = '{raw}' "
        "AND match(table, '^(app|youtube)__[a-z]') AND table NOT LIKE '%sentinel%'"
    )
    assert len({table for table, _, _ in types}) > 8
    for table, name, kind in types:
        column = str(name)
        if column == "snapshot_date":
            assert kind == "Date", table
        elif column == "fetched_at":
            assert kind == "DateTime64(6, 'UTC')", table
        elif column.endswith("_id") or column == "id":
            assert kind in ("String", "Nullable(String)"), (table, column)
        elif column.endswith("_count") and column != "hidden_subscriber_count":
            assert kind == "Nullable(Int64)", (table, column)
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
    for source in ("app", "tiktok", "youtube"):
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
    youtube = ingestion.raw_rows("youtube")
    assert len(youtube) > 3
    assert not any(youtube.values())
    ingestion.load("tiktok")
    assert ingestion.query("SELECT count() FROM {raw}.tiktok__videos") == [(11_327,)]


def _column_sums(*columns: str) -> tuple[int, ...]:
    import pandas as pd

    frame = pd.read_csv(DATA / "real" / "tiktok_videos.csv", usecols=list(columns))
    return tuple(int(frame[column].sum()) for column in columns)


def test_a_broken_account_does_not_stop_the_rest(ingestion: Ingestion) -> None:
    broken = break_first(ingestion, "instagram")
    accounts = len(ingestion.store.connections("instagram"))
    done = ingestion.command("-m", "ingestion.instagram")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert f"{accounts - 1} of {accounts} accounts read whole; 1 not, e.g. instagram: account" in (
        done.stdout
    )
    assert "Reconnect the account" in done.stderr
    assert ingestion.query("SELECT count(), uniqExact(id) FROM {raw}.instagram__accounts") == [
        (accounts - 1, accounts - 1)
    ]
    failed = ingestion.query(
        "SELECT DISTINCT account_id FROM {ops}.ingestion_outcome WHERE status = 'failed'"
    )
    assert failed == [(broken,)]
    # Its connection is broken from now on: the next run leaves it out.
    assert broken not in {one.account_id for one in ingestion.store.connections("instagram")}


def test_all_accounts_broken_is_an_error(ingestion: Ingestion) -> None:
    store = ingestion.store
    store.put([], [(connection, EXPIRED) for connection in store.connections()])
    accounts = len(store.connections("tiktok"))
    assert f"none of {accounts} accounts could be read" in ingestion.fails("tiktok")


@pytest.mark.parametrize(
    ("source", "env", "said"),
    [
        ("tiktok", {"CLICKHOUSE_PORT": "1"}, "127.0.0.1:1"),
        ("tiktok", {"CLICKHOUSE_PASSWORD": "no"}, "CLICKHOUSE_PASSWORD"),
        ("tiktok", {"CREDENCE_ENV": "nowhere"}, "python -m warehouse schema"),
        ("tiktok", {"TIKTOK_BASE_URL": "http://127.0.0.1:1"}, "Check TIKTOK_BASE_URL"),
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
        "-m", "ingestion.tiktok", "--dry-run", "--limit", "1", CLICKHOUSE_PORT="1"
    )
    assert "tiktok__users: 1 rows (not loaded)" in done.stdout, done.stderr
    assert ingestion.query("SHOW TABLES FROM {raw}") == []


def test_a_load_that_fails_moves_no_cursor(
    ingestion: Ingestion, yesterday: date, today: date
) -> None:
    """A view stands where the table of videos should be: accounts are read, nothing can land."""
    raw = ingestion.warehouse.database("raw")
    ingestion.client.command(f"CREATE VIEW {raw}.tiktok__videos AS SELECT 1 AS n")
    with pytest.raises(DltException):
        ingestion.load("tiktok", yesterday)
    statuses = "SELECT DISTINCT status FROM {ops}.ingestion_outcome ORDER BY status"
    assert ingestion.query(statuses) == [("unloaded",)]
    ingestion.client.command(f"DROP VIEW {raw}.tiktok__videos")
    ingestion.load("tiktok", today)
    # As a first reading does, it asks for all days that there are.
    assert ingestion.query(
        "SELECT uniqExact(date) > 10, max(date) FROM {raw}.tiktok__account_insights "
        f"WHERE snapshot_date = '{today}'"
    ) == [(True, yesterday)]


def test_a_run_that_dies_before_it_has_told_is_read_again(
    ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch, yesterday: date, today: date
) -> None:
    """The rows have landed, the cursor has not moved: the next run asks for the same again."""

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(Outcomes, "write", die)
        with pytest.raises(KeyboardInterrupt):
            ingestion.load("tiktok", yesterday)
    first = ingestion.raw_rows("tiktok")
    assert first["tiktok__users"]
    assert ingestion.query("SELECT count() FROM {ops}.ingestion_outcome") == [(0,)]
    ingestion.load("tiktok", yesterday)
    assert ingestion.raw_rows("tiktok") == first
    ingestion.load("tiktok", today)
    # Yesterday is on record now, so that only what may be restated is asked for.
    assert ingestion.query(
        f"SELECT min(date) FROM {{raw}}.tiktok__account_insights WHERE snapshot_date = '{today}'"
    ) == [(yesterday - timedelta(days=2),)]
