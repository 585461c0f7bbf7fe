"""Each way to break an asset is found before anything is sent, and named with its file."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.assets import ASSETS_PATH, load_assets
from dashboards.validation import require_valid, validate
from tests.asset_mutations import Mutation, set_value
from warehouse.errors import UserError


@pytest.fixture
def assets_path(tmp_path: Path) -> Path:
    """A copy of the real assets, to be broken."""
    return shutil.copytree(ASSETS_PATH, tmp_path / "assets")


def change(path: Path, mutation: Mutation) -> None:
    content = yaml.safe_load(path.read_text())
    mutation(content)
    path.write_text(yaml.safe_dump(content))


def test_the_assets_are_sound() -> None:
    assert validate(load_assets()) == []


def _drop_column(name: str) -> Mutation:
    def mutation(content: dict[str, Any]) -> None:
        content["columns"] = [item for item in content["columns"] if item["name"] != name]

    return mutation


def _repeat_metric(content: dict[str, Any]) -> None:
    content["metrics"].append(content["metrics"][0])


def _own_metric(expression: str) -> Mutation:
    own = {"name": "accounts", "label": "A", "expression": expression, "description": "A."}
    return set_value("metrics", 0, value=own)


def _compute(expression: str) -> Mutation:
    column = {"name": "shown", "type": "String", "expression": expression}
    return lambda content: content["columns"].append(column)


def _remove_param(name: str) -> Mutation:
    return lambda content: content["params"].pop(name) and None


FAULTS: list[tuple[str, Mutation, str]] = [
    (
        "charts/followers.yaml",
        set_value("params", "metric", value="folowers"),
        "charts/followers.yaml: metric 'folowers' is not one of dataset mart_engagement__account",
    ),
    (
        "charts/followers.yaml",
        set_value("params", "metric", value={"expressionType": "SQL", "sqlExpression": "sum(1)"}),
        "is not the name of a metric",
    ),
    (
        "charts/followers.yaml",
        _remove_param("metric"),
        "charts/followers.yaml: params: 'metric' is missing",
    ),
    (
        "charts/followers.yaml",
        set_value("dataset", value="mart_engagement__acount"),
        "charts/followers.yaml: dataset 'mart_engagement__acount' has no file",
    ),
    (
        "charts/followers.yaml",
        set_value("viz_type", value="big_nummer"),
        "charts/followers.yaml: viz_type 'big_nummer' has no query shape",
    ),
    (
        "charts/followers.yaml",
        set_value("title", value="Accounts"),
        "charts/followers.yaml: title 'Accounts' is that of accounts.yaml too",
    ),
    (
        "charts/followers-over-time.yaml",
        set_value("params", "x_axis", value="snapshot_day"),
        "charts/followers-over-time.yaml: column 'snapshot_day' is not one of dataset",
    ),
    (
        "charts/followers-over-time.yaml",
        set_value("params", "adhoc_filters", 0, "subject", value="day"),
        "charts/followers-over-time.yaml: column 'day' is not one of dataset",
    ),
    (
        "datasets/mart_engagement__account.yaml",
        _drop_column("follower_tier"),
        "filter 'Tier': column 'follower_tier' is not one of dataset mart_engagement__account",
    ),
    (
        "datasets/mart_engagement__benchmark.yaml",
        _drop_column("follower_tier"),
        "filter 'Tier': chart 'benchmark' has no column 'follower_tier'",
    ),
    (
        "datasets/mart_engagement__account.yaml",
        _repeat_metric,
        "datasets/mart_engagement__account.yaml: 'accounts' is there twice",
    ),
    (
        "datasets/mart_engagement__account.yaml",
        _own_metric("sum(interaction_count) / sum(view_count)"),
        "metric accounts: a division needs toFloat64",
    ),
    (
        "datasets/mart_engagement__account.yaml",
        _own_metric("quantileExactInclusive(0.5)(follower_count)"),
        "metric accounts: Superset's SQL parser does not know quantileExactInclusive",
    ),
    (
        "datasets/mart_engagement__account.yaml",
        set_value("database", value="warehose"),
        "datasets/mart_engagement__account.yaml: database 'warehose' has no file",
    ),
    (
        "datasets/mart_engagement__account_day.yaml",
        set_value("time_column", value="platform"),
        "time_column 'platform' is no column with is_time",
    ),
    (
        "datasets/mart_engagement__account_day.yaml",
        set_value("columns", 0, "is_time", value=True),
        "column platform: is_time does not fit type LowCardinality(String)",
    ),
    (
        "datasets/mart_engagement__account.yaml",
        lambda content: content.update(table="mart_engagement__acount", metrics=[]),
        "table marts.mart_engagement__acount is promised by nobody",
    ),
    (
        "datasets/mart_engagement__account.yaml",
        _drop_column("account_id"),
        "column account_id of mart_engagement__account is not listed",
    ),
    (
        "datasets/mart_engagement__account.yaml",
        set_value("columns", 0, "name", value="network"),
        "column network is not one of mart_engagement__account",
    ),
    (
        "datasets/mart_engagement__account.yaml",
        set_value("columns", 0, "type", value="String"),
        "column platform is LowCardinality(String) in mart_engagement__account, not String",
    ),
    (
        "datasets/mart_engagement__account.yaml",
        _own_metric("sum(folower_count)"),
        "metric accounts: Unknown expression or function identifier `folower_count`",
    ),
    (
        "datasets/mart_engagement__account.yaml",
        _own_metric("sum(follower_count"),
        "metric accounts: Code: 62",
    ),
    (
        "datasets/mart_engagement__account_day.yaml",
        _compute("concat(platform, 1"),
        "column shown: Code: 62",
    ),
    (
        "dashboards/overview.yaml",
        set_value("rows", 0, 0, "chart", value="acounts"),
        "dashboards/overview.yaml: chart 'acounts' has no file",
    ),
    (
        "dashboards/overview.yaml",
        set_value("rows", 0, 0, "chart", value="followers"),
        "dashboards/overview.yaml: chart 'followers' is there twice",
    ),
    (
        "dashboards/overview.yaml",
        set_value("rows", 0, 0, "width", value=3),
        "dashboards/overview.yaml: row 1: widths add up to 13, not 12",
    ),
    (
        "dashboards/overview.yaml",
        set_value("rows", 0, 0, "height", value=50),
        "dashboards/overview.yaml: row 1: tiles differ in height",
    ),
    (
        "dashboards/overview.yaml",
        set_value("rows", 0, 0, "text", value="and a text"),
        "dashboards/overview.yaml: row 1: a tile has either a chart or a text",
    ),
    (
        "dashboards/overview.yaml",
        set_value("filters", 4, "only", value=["growth"]),
        "filter 'Days': only: chart 'growth' is not on the dashboard",
    ),
    (
        "dashboards/overview.yaml",
        set_value("filters", 0, "dataset", value=None),
        "filter 'Creator': dataset None has no file",
    ),
    (
        "dashboards/overview.yaml",
        lambda content: content["rows"].pop(4) and None,
        "charts/top-accounts.yaml: is on no dashboard",
    ),
]


@pytest.mark.parametrize(("file", "mutation", "fault"), FAULTS, ids=[item[2] for item in FAULTS])
def test_a_fault_is_found(assets_path: Path, file: str, mutation: Mutation, fault: str) -> None:
    change(assets_path / file, mutation)
    assert any(fault in found for found in validate(load_assets(assets_path)))


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("charts/broken.yaml", "title: [", "charts/broken.yaml: not YAML"),
        ("charts/broken.yaml", "- a\n- b\n", "charts/broken.yaml: file: Input should be a valid"),
        (
            "charts/broken.yaml",
            "title: A\ndescription: B\nviz_type: table\nparams: {}\n",
            "charts/broken.yaml: dataset: Field required",
        ),
        (
            "databases/broken.yaml",
            "name: A\npassword: hunter2\n",
            "databases/broken.yaml: password: Extra inputs are not permitted",
        ),
        (
            "datasets/broken.yaml",
            "table: t\nlayer: raw\ndescription: d\ncolumns: [{name: a, type: String}]\n",
            "datasets/broken.yaml: layer: Input should be 'marts' or 'ml'",
        ),
    ],
)
def test_a_malformed_file_is_named(assets_path: Path, file: str, text: str, fault: str) -> None:
    (assets_path / file).write_text(text)
    with pytest.raises(UserError) as caught:
        load_assets(assets_path)
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_with_upper_case_is_refused(assets_path: Path) -> None:
    (assets_path / "charts/accounts.yaml").rename(assets_path / "charts/Accounts.yaml")
    faults = validate(load_assets(assets_path))
    assert any(fault.startswith("charts/Accounts.yaml: the name may have") for fault in faults)


def test_an_absent_or_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a folder of assets"):
        load_assets(tmp_path / "absent")
    shutil.copy(ASSETS_PATH / "access.yaml", tmp_path)
    with pytest.raises(UserError, match=r"style.css: is missing"):
        load_assets(tmp_path)
    shutil.copy(ASSETS_PATH / "style.css", tmp_path)
    assert "charts: no file" in validate(load_assets(tmp_path))


def test_the_first_fault_stops_a_deployment(assets_path: Path) -> None:
    change(assets_path / "charts/followers.yaml", set_value("params", "metric", value="folowers"))
    change(assets_path / "charts/accounts.yaml", set_value("params", "metric", value="acounts"))
    with pytest.raises(UserError, match=r"^dashboards: charts/accounts.yaml: .*\(2 faults"):
        require_valid(load_assets(assets_path))
