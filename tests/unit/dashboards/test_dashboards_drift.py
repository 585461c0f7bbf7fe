"""What was edited in Superset is found by its export, and nothing where nothing was edited."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from dashboards.assets import Assets, Kind, asset_uuid
from dashboards.bundle import bundle_files
from dashboards.drift import Drift, compare
from dashboards.readback import KINDS, Export, is_default
from tests.growth_page import assets_with_the_page
from warehouse.errors import UserError
from warehouse.settings import WarehouseSettings

Files = dict[str, dict[str, Any]]
WAREHOUSE = WarehouseSettings(_env_file=None)
ASSETS = assets_with_the_page()
DEPLOYED = bundle_files(ASSETS, WAREHOUSE)
GROWTH = "dashboards/growth.yaml"
MOVERS = "charts/top-movers.yaml"
ACCOUNT_DAY = "datasets/warehouse/mart_growth__account_day.yaml"


@pytest.fixture
def files() -> Files:
    """What Superset exports after a deployment, but for the fields that are empty."""
    return copy.deepcopy(DEPLOYED)


def drift_of(files: Files, assets: Assets = ASSETS) -> Drift:
    contents: dict[Kind, dict[str, Any]] = {kind: {} for kind in KINDS}
    for path, content in files.items():
        if "uuid" in content:
            contents[next(kind for kind in KINDS if path.startswith(kind))][content["uuid"]] = (
                content
            )
    return compare(assets, Export(contents), WAREHOUSE)


def lines(files: Files) -> list[str]:
    return [str(change) for change in drift_of(files).changes]


def test_what_was_deployed_reads_back_as_it_is_written(files: Files) -> None:
    files[MOVERS] |= {"cache_timeout": None, "tags": []}
    files[GROWTH]["metadata"] |= {"expanded_slices": {}, "timed_refresh_immune_slices": []}
    drift = drift_of(files)
    assert [*drift.changes, *drift.absent, *drift.unmanaged] == []
    assert not drift
    assert drift.found == ASSETS


def test_the_fields_of_a_chart(files: Files) -> None:
    files[MOVERS]["slice_name"] = "Movers"
    files[MOVERS]["params"]["row_limit"] = 25
    files[MOVERS]["params"]["column_config"]["tier"] = {"columnWidth": 90}
    assert lines(files) == [
        "charts/top-movers.yaml: title: Top movers -> Movers",
        "charts/top-movers.yaml: params.row_limit: 1000 -> 25",
        "charts/top-movers.yaml: params.column_config.tier.columnWidth: 70 -> 90",
    ]


def test_a_long_text_is_cut_where_it_begins_to_differ(files: Files) -> None:
    files[MOVERS]["description"] = files[MOVERS]["description"].replace("less.", "more.")
    (line,) = lines(files)
    assert line.split(": ", 2)[2] == "...and tier that grew less. -> ...and tier that grew more."


def test_what_the_editor_adds_on_every_save_is_no_edit(files: Files) -> None:
    saved = files[MOVERS]["params"]
    saved |= {"datasource": "12__table", "slice_id": 70, "dashboards": [3, 4], "viz_type": "table"}
    saved |= {
        "annotation_layers": [],
        "extra_form_data": {},
        "temporal_columns_lookup": {"a": True},
    }
    saved |= {"matrixify_enable": False, "show_totals": False, "server_page_length": 10}
    saved["adhoc_filters"] = [
        item | {"filterOptionName": "filter_1", "isExtra": False, "operatorId": "EQUALS"}
        for item in saved["adhoc_filters"]
    ]
    saved["adhoc_filters"].append(
        {
            "clause": "WHERE",
            "subject": "snapshot_date",
            "operator": "TEMPORAL_RANGE",
            "comparator": "No filter",
            "expressionType": "SIMPLE",
        }
    )
    files[MOVERS]["query_context"] = "{}"
    assert lines(files) == []
    saved["show_totals"] = True
    assert lines(files) == ["charts/top-movers.yaml: params.show_totals: nothing -> true"]


def test_a_file_may_say_what_the_editor_would_say(files: Files) -> None:
    line = files["charts/spikes-on-the-curve.yaml"]["params"]
    assert is_default("echarts_timeseries_line", "y_axis_bounds", line["y_axis_bounds"])
    del line["y_axis_bounds"]
    assert lines(files) == [
        "charts/spikes-on-the-curve.yaml: params.y_axis_bounds: [null, null] -> nothing"
    ]


def test_columns_and_metrics_are_told_by_their_names_in_any_order(files: Files) -> None:
    files[ACCOUNT_DAY]["columns"].reverse()
    files[ACCOUNT_DAY]["metrics"].reverse()
    assert lines(files) == []
    column = next(c for c in files[ACCOUNT_DAY]["columns"] if c["column_name"] == "handle")
    metric = next(m for m in files[ACCOUNT_DAY]["metrics"] if m["metric_name"] == "followers")
    column["verbose_name"], column["groupby"] = "Account handle", False
    metric["d3format"] = ",d"
    assert lines(files) == [
        "datasets/mart_growth__account_day.yaml: columns.handle.label: Handle -> Account handle",
        "datasets/mart_growth__account_day.yaml: metrics.followers.format: SMART_NUMBER -> ,d",
        "datasets/mart_growth__account_day.yaml: columns.handle.groupby: true -> false"
        " (no file holds it)",
    ]


def test_tiles(files: Files) -> None:
    position = files[GROWTH]["position"]
    position["CHART-cohorts"]["meta"]["width"] = 5
    position["CHART-cohort-growth"]["meta"]["width"] = 7
    text = next(item for name, item in position.items() if name.startswith("MARKDOWN"))
    text["meta"]["code"] = "See the glossary."
    position["ROW-2"]["children"].reverse()
    assert lines(files) == [
        "dashboards/growth.yaml: rows[2]: gained-and-lost 6x50, growth-over-time 6x50"
        " -> growth-over-time 6x50, gained-and-lost 6x50",
        "dashboards/growth.yaml: rows[3][1].width: 6 -> 7",
        "dashboards/growth.yaml: rows[3][2].width: 6 -> 5",
        "dashboards/growth.yaml: rows[5][1].text: "
        "**How to read this page.** Followers are read once a day (UT... -> See the glossary.",
    ]


def test_a_row_that_went_is_one_line_and_its_charts_leave_the_filters(files: Files) -> None:
    files[GROWTH]["position"]["GRID_ID"]["children"].remove("ROW-2")
    assert lines(files) == [
        "dashboards/growth.yaml: rows[2]: gained-and-lost 6x50, growth-over-time 6x50 -> nothing",
        'dashboards/growth.yaml: filters.Days.only: ["followers-over-time", "growth-over-time"]'
        ' -> ["followers-over-time"]',
    ]


def test_a_row_below_one_that_changed(files: Files) -> None:
    position = files[GROWTH]["position"]
    position["CHART-cohorts"]["meta"]["height"] = 60
    position["CHART-cohort-growth"]["meta"]["height"] = 60
    position["GRID_ID"]["children"].insert(3, "ROW-new")
    position["ROW-new"] = {"type": "ROW", "id": "ROW-new", "children": ["MARKDOWN-new"]}
    meta = {"width": 12, "height": 10, "code": "More"}
    position["MARKDOWN-new"] = {"type": "MARKDOWN", "id": "MARKDOWN-new", "meta": meta}
    assert lines(files) == [
        "dashboards/growth.yaml: rows[3][1].height: 62 -> 60",
        "dashboards/growth.yaml: rows[3][2].height: 62 -> 60",
        "dashboards/growth.yaml: rows[4]: nothing -> 'More' 12x10",
    ]


def test_filters(files: Files) -> None:
    filters = files[GROWTH]["metadata"]["native_filter_configuration"]
    filters[0]["targets"][0]["column"]["name"] = "follower_tier"
    filters[0]["controlValues"]["multiSelect"] = False
    filters[0]["chartsInScope"] = [1, 2, 3]
    filters.pop(1)
    assert lines(files) == [
        "dashboards/growth.yaml: filters.Platform.column: platform -> follower_tier",
        "dashboards/growth.yaml: filters.Creator: "
        '{"name": "Creator", "kind": "select", "dataset": "mart_growt... -> nothing',
        "dashboards/growth.yaml: metadata.native_filter_configuration.Platform.controlValues."
        "multiSelect: true -> false (no file holds it)",
    ]


def test_the_charts_of_a_filter(files: Files) -> None:
    days = files[GROWTH]["metadata"]["native_filter_configuration"][2]
    days["scope"]["excluded"].pop(0)
    days["scope"]["excluded"].reverse()
    assert lines(files) == [
        "dashboards/growth.yaml: filters.Days.only: "
        '..., "growth-over-time"] -> ..., "growth-over-time", "net-growth-by-week"]'
    ]


def test_what_no_file_holds(files: Files) -> None:
    files[MOVERS]["cache_timeout"] = 300
    files["databases/warehouse.yaml"]["allow_dml"] = True
    files[GROWTH]["published"] = False
    assert lines(files) == [
        "databases/warehouse.yaml: allow_dml: false -> true (no file holds it)",
        "charts/top-movers.yaml: cache_timeout: nothing -> 300 (no file holds it)",
        "dashboards/growth.yaml: published: true -> false (no file holds it)",
    ]


def test_a_layout_that_no_file_can_say(files: Files) -> None:
    position = files[GROWTH]["position"]
    position["ROOT_ID"]["children"] = ["TABS-1"]
    position["TABS-1"] = {"type": "TABS", "id": "TABS-1", "children": [], "meta": {}}
    assert lines(files) == [
        "dashboards/growth.yaml: layout: tabs instead of rows (no file holds it)"
    ]
    assert drift_of(files).found == ASSETS


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"type": "DIVIDER", "id": "DIVIDER-1"}, "filter None: DIVIDER is neither"),
        ({"filterType": "filter_range", "targets": [{}]}, "filter 'Platform': filter_range is"),
        ({"targets": [{}]}, "dataset None is not managed"),
    ],
)
def test_a_filter_that_no_file_can_say(files: Files, item: dict[str, Any], reason: str) -> None:
    filters = files[GROWTH]["metadata"]["native_filter_configuration"]
    filters[0] = item if "id" in item else filters[0] | item
    assert any(line.startswith(f"dashboards/growth.yaml: {reason}") for line in lines(files))


def test_a_chart_of_a_dataset_without_a_file_cannot_be_brought_back(files: Files) -> None:
    uuid = "3f1c1a52-8f0b-4f0e-9a56-2f7d6e1b2c3d"
    files["charts/mine.yaml"] = DEPLOYED[MOVERS] | {"uuid": uuid, "dataset_uuid": "another"}
    files[GROWTH]["position"]["CHART-top-movers"]["meta"] |= {"uuid": uuid}
    assert lines(files) == [
        f"dashboards/growth.yaml: chart {uuid} is not managed (no file holds it)"
    ]


def test_broken_files_are_told_in_words(files: Files) -> None:
    pie = ASSETS.charts["top-movers"].model_copy(update={"viz_type": "pie"})
    broken = replace(ASSETS, charts={**ASSETS.charts, "top-movers": pie})
    with pytest.raises(UserError, match=r"charts/top-movers\.yaml: viz_type 'pie'"):
        drift_of(files, broken)


def test_missing_and_left_behind(files: Files) -> None:
    del files[MOVERS]
    files["charts/old.yaml"] = DEPLOYED["charts/followers.yaml"] | {
        "slice_name": "Old",
        "uuid": str(asset_uuid("charts", "old")),
        "certification_details": "dashboards/assets/charts/old.yaml",
    }
    drift = drift_of(files)
    assert drift
    assert drift.absent == [
        "charts/top-movers.yaml: is not in Superset: deploy brings it",
        "charts/old.yaml: is gone, 'Old' is in Superset: deploy removes it",
    ]


def test_what_people_made_is_told_and_no_drift(files: Files) -> None:
    uuid = "3f1c1a52-8f0b-4f0e-9a56-2f7d6e1b2c3d"
    files["charts/mine.yaml"] = DEPLOYED[MOVERS] | {"slice_name": "Mine", "uuid": uuid}
    drift = drift_of(files)
    assert drift.unmanaged == [f"charts: 'Mine' ({uuid}) is not managed"]
    assert not drift


def test_a_new_chart_on_a_managed_dashboard_gets_a_slug_from_its_title(files: Files) -> None:
    uuid = "3f1c1a52-8f0b-4f0e-9a56-2f7d6e1b2c3d"
    files["charts/mine.yaml"] = DEPLOYED[MOVERS] | {"slice_name": "Followers", "uuid": uuid}
    meta = files[GROWTH]["position"]["CHART-top-movers"]["meta"]
    meta |= {"uuid": uuid, "chartId": 99}
    drift = drift_of(files)
    assert drift.unmanaged == []
    assert [str(change) for change in drift.changes][:2] == [
        "charts/followers-2.yaml: file: nothing -> Followers",
        "dashboards/growth.yaml: rows[4]: top-movers 6x64, largest-falls 6x64"
        " -> followers-2 6x64, largest-falls 6x64",
    ]
    assert drift.found.charts["followers-2"].params == ASSETS.charts["top-movers"].params

    # written, but not deployed yet: the same file is meant
    again = drift_of(files, drift.found)
    assert again.changes == []
    assert again.absent == ["charts/followers-2.yaml: is not in Superset: deploy brings it"]
    assert again.found == drift.found
