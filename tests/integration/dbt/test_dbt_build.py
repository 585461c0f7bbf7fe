"""A small world built with dbt on the real engine: every row of every mart worked out by hand."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from dbt_command import PROJECT, TARGET, Dbt, conformed_columns
from raw_tables import create_raw, day, fill

from ingestion.registry import PLATFORMS
from tests.integration.dbt.dbt_in_process import DbtInProcess
from warehouse.client import connect

Rows = Callable[..., list[dict]]


def fill_world(client: Client, raw: str) -> None:
    """Two TikTok accounts, two channels, an Instagram account and a page on days 1, 2 and 4."""
    fill(client, f"{raw}.app__creators", "creator_id", [("c1",), ("c2",)])
    fill(
        client,
        f"{raw}.app__connections",
        "connection_id creator_id platform account_id",
        [
            ("k1", "c1", "tiktok", "ann"),
            ("k2", "c2", "youtube", "UCbo"),
            ("k3", "c2", "youtube", "UChid"),
            ("k4", "c1", "instagram", "17"),
            ("k5", "c2", "facebook", "20"),
        ],
    )
    fill(
        client,
        f"{raw}.tiktok__users",
        "snapshot_date open_id username follower_count video_count",
        [
            (day(1), "ann", "ann", 9_990, 3),
            (day(2), "ann", "ann", 10_000, 3),
            (day(4), "ann", "anna", 10_400, 2),
            (day(4), "empty", None, 0, 0),
        ],
    )
    fill(
        client,
        f"{raw}.tiktok__videos",
        "snapshot_date open_id id view_count like_count comment_count share_count",
        [
            (day(1), "ann", "1", 100, 8, 1, 1),
            (day(2), "ann", "1", 160, 14, 1, 1),
            # listed until day 2
            (day(2), "ann", "gone", 50, 5, 0, 0),
            # listed twice on one day: the higher view count stands
            (day(4), "ann", "1", 200, 16, 2, 2),
            (day(4), "ann", "1", 190, 99, 2, 2),
            # not watched yet
            (day(4), "ann", "new", 0, 0, 0, 0),
        ],
    )
    fill(
        client,
        f"{raw}.youtube__channels",
        "snapshot_date id title subscriber_count hidden_subscriber_count video_count",
        [
            (day(4), "UCbo", "Bo", 1_000_000, False, 2),
            (day(4), "UChid", "Hidden", 0, True, 7),
        ],
    )
    fill(
        client,
        f"{raw}.youtube__videos",
        "snapshot_date channel_id id title",
        # what a video is was read two days before its counters; of the second it never was
        [(day(2), "UCbo", "v1", "Film")],
    )
    fill(
        client,
        f"{raw}.youtube__video_stats",
        "snapshot_date channel_id id view_count like_count comment_count",
        [
            (day(4), "UCbo", "v1", 1_000, 40, 10),
            # hides its likes
            (day(4), "UCbo", "v2", 3_000, None, 10),
        ],
    )
    fill(
        client,
        f"{raw}.instagram__accounts",
        "snapshot_date id username followers_count media_count",
        [(day(4), "17", "ina", 500, 2)],
    )
    fill(
        client,
        f"{raw}.instagram__media",
        "snapshot_date account_id id media_type permalink view_count like_count comments_count "
        "saved_count shares_count",
        [
            # saves and shares are no interactions
            (day(4), "17", "m1", "IMAGE", "https://www.instagram.com/p/m1/", 50, 4, 1, 9, 9),
            # no views are told of an old picture
            (day(4), "17", "m2", "IMAGE", "https://www.instagram.com/p/m2/", None, 5, 0, 0, 0),
        ],
    )
    fill(
        client,
        f"{raw}.facebook__pages",
        "snapshot_date id username followers_count fan_count",
        [(day(4), "20", "fay", 20_000, 19_000)],
    )
    fill(
        client,
        f"{raw}.facebook__posts",
        "snapshot_date page_id id permalink_url reaction_count comment_count share_count",
        [
            (day(4), "20", "20_1", "https://www.facebook.com/reel/9/", 18, 2, 7),
            (day(4), "20", "20_2", "https://www.facebook.com/20/posts/2", 10, 0, None),
        ],
    )
    fill(
        client,
        f"{raw}.facebook__videos",
        "snapshot_date page_id id post_id video_type length views",
        # the first post once more, as a reel; a video that was never posted
        [
            (day(4), "20", "9", "20_1", "REEL", 30.0, 400),
            (day(4), "20", "8", None, "VIDEO", 60.0, 999),
        ],
    )


@pytest.fixture(scope="module")
def built(dbt: DbtInProcess) -> DbtInProcess:
    with connect(settings=dbt.warehouse) as client:
        raw = dbt.warehouse.database("raw")
        create_raw(client, raw)
        fill_world(client, raw)
    dbt.succeed("build")
    return dbt


@pytest.mark.usefixtures("built")
def test_posts_stand_at_their_latest_snapshot_with_both_rates(rows: Rows) -> None:
    columns = (
        "post_key, creator_id, snapshot_date, is_listed, follower_count, follower_tier, "
        "view_count, interaction_count, engagement_rate_by_views, "
        "engagement_rate_by_followers, post_url"
    )
    found = rows("marts", "mart_engagement__post", "post_key", columns)
    tiktok, youtube = "https://www.tiktok.com/@anna/video", "https://www.youtube.com/watch?v="
    instagram, facebook = "https://www.instagram.com/p", "https://www.facebook.com"
    assert [tuple(row.values()) for row in found] == [
        (
            *("facebook:20_1", "c2", day(4), True, 20_000, "micro", 400, 20, 0.05, 0.001),
            f"{facebook}/reel/9/",
        ),
        (
            *("facebook:20_2", "c2", day(4), True, 20_000, "micro", None, 10, None, 0.0005),
            f"{facebook}/20/posts/2",
        ),
        (
            *("instagram:m1", "c1", day(4), True, 500, "nano", 50, 5, 0.1, 0.01),
            f"{instagram}/m1/",
        ),
        (
            *("instagram:m2", "c1", day(4), True, 500, "nano", None, 5, None, 0.01),
            f"{instagram}/m2/",
        ),
        ("tiktok:1", "c1", day(4), True, 10_400, "micro", 200, 20, 0.1, 20 / 10_400, f"{tiktok}/1"),
        ("tiktok:gone", "c1", day(2), False, 10_000, "micro", 50, 5, 0.1, 0.0005, f"{tiktok}/gone"),
        ("tiktok:new", "c1", day(4), True, 10_400, "micro", 0, 0, None, 0.0, f"{tiktok}/new"),
        (
            "youtube:v1",
            "c2",
            day(4),
            True,
            1_000_000,
            "mega",
            1_000,
            50,
            0.05,
            0.00005,
            f"{youtube}v1",
        ),
        (
            "youtube:v2",
            "c2",
            day(4),
            True,
            1_000_000,
            "mega",
            3_000,
            None,
            None,
            None,
            f"{youtube}v2",
        ),
    ]


@pytest.mark.usefixtures("built")
def test_account_days_carry_owner_change_tier_and_pooled_rates(rows: Rows) -> None:
    columns = (
        "account_key, snapshot_date, creator_id, handle, follower_count, follower_change, "
        "follower_tier, post_count, view_count, interaction_count, "
        "engagement_rate_by_views, engagement_rate_by_followers"
    )
    found = rows("marts", "mart_engagement__account_day", "account_key, snapshot_date", columns)
    by_day = [tuple(row.values()) for row in found]
    assert by_day == [
        # a post without known views is in neither side of the rate; a video that is no post in none
        ("facebook:20", day(4), "c2", "fay", 20_000, None, "micro", 2, 400, 30, 0.05, 15 / 20_000),
        ("instagram:17", day(4), "c1", "ina", 500, None, "nano", 2, 50, 10, 0.1, 0.01),
        # day 3 is missing, so day 4 knows no change
        ("tiktok:ann", day(1), "c1", "anna", 9_990, None, "nano", 1, 100, 10, 0.1, 10 / 9_990),
        ("tiktok:ann", day(2), "c1", "anna", 10_000, 10, "micro", 2, 210, 21, 0.1, 10.5 / 10_000),
        ("tiktok:ann", day(4), "c1", "anna", 10_400, None, "micro", 2, 200, 20, 0.1, 10 / 10_400),
        # nobody connected it; the platform says that it has no posts, and no followers
        ("tiktok:empty", day(4), None, None, 0, None, "nano", 0, None, None, None, None),
        # the post without likes is in the views, not in the rate
        ("youtube:UCbo", day(4), "c2", None, 1_000_000, None, "mega", 2, 4_000, 50, 0.05, 0.00005),
        # posts are reported but were not read; followers are hidden
        ("youtube:UChid", day(4), "c2", None, None, None, None, None, None, None, None, None),
    ]


@pytest.mark.usefixtures("built")
def test_benchmark_takes_listed_posts_of_each_tier(rows: Rows) -> None:
    every = rows("marts", "mart_engagement__benchmark", "platform, post_format")
    assert [(r["platform"], r["post_format"], r["post_count"]) for r in every] == [
        *(("facebook", "all", 2), ("facebook", "reel", 1), ("facebook", "text", 1)),
        *(("instagram", "all", 2), ("instagram", "image", 2)),
        *(("tiktok", "all", 2), ("tiktok", "video", 2)),
        # of the second video it was never read what it is
        *(("youtube", "all", 2), ("youtube", "unknown", 1), ("youtube", "video", 1)),
    ]
    facebook, instagram, micro, mega = (r for r in every if r["post_format"] == "all")
    assert (facebook["follower_tier"], facebook["post_count"]) == ("micro", 2)
    assert facebook["rated_by_views_count"] == 1
    assert (instagram["follower_tier"], instagram["rated_by_followers_count"]) == ("nano", 2)
    assert (micro["platform"], micro["follower_tier"]) == ("tiktok", "micro")
    assert (micro["post_count"], micro["account_count"], micro["rated_by_views_count"]) == (2, 1, 1)
    assert micro["p50_engagement_rate_by_views"] == micro["p95_engagement_rate_by_views"] == 0.1
    assert micro["p25_engagement_rate_by_followers"] == pytest.approx(0.25 * 20 / 10_400, abs=1e-15)
    assert (mega["platform"], mega["follower_tier"], mega["post_count"]) == ("youtube", "mega", 2)
    assert mega["p05_engagement_rate_by_views"] == 0.05


@pytest.mark.usefixtures("built")
def test_accounts_stand_at_their_latest_day(rows: Rows) -> None:
    found = rows("marts", "mart_engagement__account", "account_key", "account_key, snapshot_date")
    assert [row["account_key"] for row in found] == [
        "facebook:20",
        "instagram:17",
        "tiktok:ann",
        "tiktok:empty",
        "youtube:UCbo",
        "youtube:UChid",
    ]
    assert {row["snapshot_date"] for row in found} == {day(4)}


@pytest.mark.usefixtures("built")
def test_a_post_is_described_by_its_latest_details_and_listed_by_its_counters(rows: Rows) -> None:
    columns = "post_key, title, post_format, last_snapshot_date, details_snapshot_date"
    found = rows("core", "dim_post", "post_key", columns)
    assert [tuple(row.values()) for row in found if row["post_key"].startswith("youtube")] == [
        ("youtube:v1", "Film", "video", day(4), day(2)),
        ("youtube:v2", None, None, day(4), None),
    ]
    formats = {row["post_key"]: row["post_format"] for row in found}
    assert formats["facebook:20_1"] == "reel"
    assert formats["facebook:20_2"] == "text"
    assert formats["instagram:m1"] == "image"


def test_every_platforms_views_have_the_columns_and_types_that_core_reads(
    built: DbtInProcess, warehouse_client: Client
) -> None:
    found = {
        view: warehouse_client.query(
            f"DESCRIBE TABLE {built.warehouse.database('staging')}.stg_{view}"
        ).result_rows
        for view in (f"{p}__{v}" for p in PLATFORMS for v in conformed_columns())
    }
    for view, described in found.items():
        columns = conformed_columns()[view.split("__")[1]]
        assert {row[0]: row[1] for row in described} == columns, view


def test_a_view_that_names_a_foreign_column_is_refused(built: DbtInProcess, tmp_path: Path) -> None:
    """The remedy is named, and so is what a view may not leave out."""
    project = shutil.copytree(PROJECT, tmp_path / "dbt_project", ignore=TARGET)
    view = project / "models" / "staging" / "tiktok" / "stg_tiktok__posts.sql"
    text = view.read_text()
    copy = Dbt(built.warehouse, tmp_path, project)
    for wrong, word in (
        (text.replace("'title',", "'titel',"), "titel is no column of posts"),
        (text.replace("'post_id',", ""), "post_id is missing"),
    ):
        assert wrong != text
        view.write_text(wrong)
        done = copy("parse", "--no-partial-parse")
        assert done.returncode != 0
        assert f"stg_tiktok__posts: {word}. See macros/conformed.sql." in done.stdout


def test_building_again_is_green_and_gives_the_same_rows(
    built: DbtInProcess, everything: Callable[[], dict[str, list[dict]]]
) -> None:
    first = everything()
    built.succeed("build", "--exclude-resource-type", "unit_test")
    # no post of this world says when it was published
    assert [table for table, found in first.items() if not found] == ["core.fct_post_milestone"]
    assert everything() == first


def test_docs_describe_every_model_of_the_warehouse(built: DbtInProcess) -> None:
    built.succeed("docs", "generate")
    catalog = json.loads((built.folder / "target" / "catalog.json").read_text())
    manifest = json.loads((built.folder / "target" / "manifest.json").read_text())
    models = {key for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    assert models <= set(catalog["nodes"])
    own = {key for key, it in manifest["sources"].items() if it["source_name"] != "system"}
    assert own <= set(catalog["sources"])
    for key in models:
        described = {name.lower() for name in manifest["nodes"][key]["columns"]}
        built_columns = {name.lower() for name in catalog["nodes"][key]["columns"]}
        assert described == built_columns, key


def test_a_false_key_fails_the_build(built: DbtInProcess, warehouse_client: Client) -> None:
    """The tests of the models fail when the data is wrong: here a negative count."""
    raw = built.warehouse.database("raw")
    columns = "snapshot_date open_id id view_count"
    fill(warehouse_client, f"{raw}.tiktok__videos", columns, [(day(4), "ann", "wrong", -1)])
    try:
        said = built.fail("build", "--select", "fct_post_day", "dim_post")
        assert "in_range_fct_post_day_view_count" in said
        assert "FAIL 1" in said
    finally:
        warehouse_client.command(f"DELETE FROM {raw}.tiktok__videos WHERE id = 'wrong'")
        built.succeed("run", "--full-refresh", "--select", "fct_post_day", "dim_post")


def test_half_a_window_is_refused(built: DbtInProcess, tmp_path: Path) -> None:
    """Whatever is selected: dbt refuses it while it parses."""
    dbt = Dbt(built.warehouse, tmp_path)
    done = dbt("run", "--select", "fct_post_day", variables={"start_date": "2026-03-01"})
    assert done.returncode != 0
    assert "start_date and end_date: give both, or neither" in done.stdout


def test_stale_sources_are_reported(built: DbtInProcess) -> None:
    """Readings of March 2026 are old: the freshness check says so and fails."""
    said = built.fail("source", "freshness", "--select", "source:raw.tiktok__users")
    assert "ERROR STALE freshness of raw.tiktok__users" in said
