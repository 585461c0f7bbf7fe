"""Chirper's API v1: daily readings of connected accounts and what they chirp.

Lands in ``raw`` (counters are lifetime; each row also has ``snapshot_date`` and ``fetched_at``; a
run replaces an account's rows of a day; what no column declares is kept in ``extra``):

- ``chirper__users``: user_id, name, created_at, follower_count;
- ``chirper__chirps``: user_id, id, posted_at, text, view_count, like_count;
- ``chirper__account_insights`` (long): per day: views, visits. Asked for since the last reading.

A reading costs one call for the user, one per 50 chirps and one per 30 days of insights.

Alone: ``python -m ingestion.chirper --dry-run`` reads and counts, without ``--dry-run`` it loads.
"""

from collections.abc import Sequence
from datetime import date

from dlt.extract import DltResource

from ingestion.http import part, part_list
from ingestion.insights import Quarantine, ask_metrics, insight_row, insight_table
from ingestion.paging import Page, walk_pages
from ingestion.policy import Failure, Json, Platform, Rule
from ingestion.snapshot import AccountDay, SnapshotRun, windows
from ingestion.tables import COUNT, MOMENT, TEXT, Row, snapshot_table

USERS = snapshot_table(
    "users",
    "user_id",
    "user_id",
    {
        "user_id": TEXT.at("id"),
        "name": TEXT,
        "created_at": MOMENT.at("createdAt"),
        "follower_count": COUNT.at("counts.followers"),
    },
)
CHIRPS = snapshot_table(
    "chirps",
    "user_id",
    "id",
    {
        "user_id": TEXT,
        "id": TEXT,
        "posted_at": MOMENT.at("postedAt"),
        "text": TEXT,
        "view_count": COUNT.at("counts.views"),
        "like_count": COUNT.at("counts.likes"),
    },
)
INSIGHTS = insight_table("account_insights")

PAGE_SIZE = 50
MOST_DAYS = 30
RESTATED_DAYS = 3
METRICS = ("views", "visits")

RULES = (
    Rule("dead_token", {"token_dead"}, remedy="Reconnect the account."),
    Rule("bad_metric", {"unknown_metric"}),
)


def streams(run: SnapshotRun) -> list[DltResource]:
    """Every table of every connected account."""
    refused = Quarantine()

    def read_insights(run: SnapshotRun, unit: AccountDay) -> list[Row]:
        days = unit.dates_since(run.settings.insights_backfill_days, RESTATED_DAYS)
        return [
            row
            for window in windows(days, MOST_DAYS)
            for rows in ask_metrics(
                run,
                unit,
                refused,
                "account",
                METRICS,
                lambda m, w=window: insights(run, unit, m, w),
            )
            for row in rows
        ]

    return [
        run.stream(USERS, read_user),
        run.stream(CHIRPS, read_chirps),
        run.stream(INSIGHTS, read_insights),
    ]


def read_user(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """The account's profile: one row."""
    answer = run.call(unit, "/v1/me")
    return [USERS.row(part(answer, "user"), user_id=unit.account.account_id)]


def read_chirps(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """All chirps of the account, page by page."""

    def fetch(cursor: str | int | None, size: int) -> Page:
        paging = {"limit": str(size)} | ({"cursor": str(cursor)} if cursor else {})
        answer = run.call(unit, "/v1/chirps", paging)
        return Page(part_list(answer, "chirps"), answer.get("next"))

    return [
        CHIRPS.row(chirp, user_id=unit.account.account_id)
        for chirp in walk_pages(fetch, unit.who, PAGE_SIZE)
    ]


def insights(
    run: SnapshotRun, unit: AccountDay, metrics: Sequence[str], days: Sequence[date]
) -> list[Row]:
    """One window of the account's daily numbers."""
    params = {"metrics": ",".join(metrics), "from": str(days[0]), "to": str(days[-1])}
    answer = run.call(unit, "/v1/insights", params)
    return [
        insight_row(
            unit, metric, row.get(metric), period="day", day=date.fromisoformat(row["date"])
        )
        for row in part_list(answer, "days")
        for metric in metrics
    ]


def read_failure(_: int, answer: Json) -> Failure | None:
    """Chirper's error object."""
    error = part(answer, "error")
    return Failure([str(error["code"])], str(error.get("message", ""))) if error else None


CHIRPER = Platform(
    name="chirper",
    hosts={"": "https://api.chirper.example"},
    read_failure=read_failure,
    rules=RULES,
    streams=streams,
    probe=read_user,
)


if __name__ == "__main__":
    from ingestion.command import main

    main(CHIRPER)
