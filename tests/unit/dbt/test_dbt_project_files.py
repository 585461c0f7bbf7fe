"""The dbt project as files: contracts, docs, tests, KPIs; no warehouse."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ingestion.registry import PLATFORMS
from orchestration.dbt_platforms import MACRO, platforms_macro, write_platforms_macro
from tests.dbt_manifest import PROJECT, layer, parse
from tests.raw_declarations import raw_tables

CONFORMED_MACRO = PROJECT / "macros" / "conformed.sql"
CONFORMED = (
    *("account_days", "account_insights", "audience_days", "audience_hours", "comments"),
    *("posts", "post_days"),
)
INSIGHTS_MACRO = PROJECT / "macros" / "insights.sql"
LATEST_INSIGHTS = "latest_insights("
"""Marks a cleaned view whose body is the macro of this name."""
NOTHING = "conform_nothing("
"""Marks a view of what the platform does not have."""
SELECTED = re.compile(r"\) as (\w+),?$", re.MULTILINE)
DOC = re.compile(r"\{\{\s*doc\('(\w+)'\)\s*\}\}")
MAX_YAML_LINES = 300


def yaml_files() -> list[Path]:
    return sorted([*PROJECT.glob("*.yml"), *(PROJECT / "models").rglob("*.yml")])


def test_layers_hold_the_contracted_models(models: dict[str, Any]) -> None:
    by_layer: dict[str, set[str]] = {}
    for name, model in models.items():
        by_layer.setdefault(layer(model), set()).add(name)
        # the environment's prefix is absent here, so the database is the layer
        assert model["schema"] == layer(model)
    assert {
        *("dim_account", "dim_account_history", "dim_creator", "dim_date", "dim_post"),
        *("fct_account_day", "fct_account_post_day", "fct_audience_day", "fct_audience_hour"),
        *("fct_comment", "fct_post_day", "fct_post_milestone"),
    } <= by_layer["core"]
    assert all(re.fullmatch(r"(dim|fct)_[a-z_]+", name) for name in by_layer["core"])
    assert {
        "mart_engagement__post",
        "mart_engagement__account_day",
        "mart_engagement__benchmark",
    } <= by_layer["marts"]
    assert all(name.startswith("stg_") for name in by_layer["staging"])
    assert all(re.fullmatch(r"mart_[a-z]+__[a-z_]+", name) for name in by_layer["marts"])


def test_an_environment_prefixes_every_database(manifest: dict[str, Any], tmp_path: Path) -> None:
    prefixed = parse(tmp_path, CREDENCE_ENV="my_core")
    for kind in ("nodes", "sources"):
        bare = {key: node["schema"] for key, node in manifest[kind].items()}
        found = {key: node["schema"] for key, node in prefixed[kind].items()}
        assert found == {
            # the engine's own tables are the same in every environment
            key: schema if schema == "system" else f"my_core_{schema}"
            for key, schema in bare.items()
        }


def test_one_expression_reads_the_environment() -> None:
    sql = [path for folder in ("macros", "models") for path in (PROJECT / folder).rglob("*.sql")]
    files = [*yaml_files(), *sql]
    reading = [path.name for path in files if "env_var('CREDENCE_ENV'" in path.read_text()]
    assert reading == ["profiles.yml"]


def test_every_model_and_column_is_described(manifest: dict[str, Any]) -> None:
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]
    seeds = [n for n in manifest["nodes"].values() if n["resource_type"] == "seed"]
    for node in [*nodes, *seeds, *manifest["sources"].values()]:
        assert node["description"].strip(), node["name"]
        assert node["columns"], node["name"]
        for column in node["columns"].values():
            assert column["description"].strip(), f"{node['name']}.{column['name']}"


def conformed_columns() -> dict[str, dict[str, str]]:
    """Column to type of the views that core reads of a platform, as the macro lists them."""
    listed = re.search(r"set views = (\{.*?\n    \})", CONFORMED_MACRO.read_text(), re.DOTALL)
    assert listed
    return ast.literal_eval(listed[1])


def is_conformed(name: str) -> bool:
    return name.endswith(tuple(f"__{view}" for view in CONFORMED))


def test_the_platforms_of_core_are_those_of_the_registry(tmp_path: Path) -> None:
    assert MACRO.read_text() == platforms_macro(), "Run: python -m orchestration.dbt_platforms"
    assert all(f"'{name}'" in platforms_macro() for name in PLATFORMS)
    other = tmp_path / "platforms.sql"
    assert write_platforms_macro(other)
    assert not write_platforms_macro(other)
    assert other.read_text() == MACRO.read_text()


def test_core_and_marts_name_no_platform() -> None:
    """A platform is a staging folder; only how to build a post's address is told of each."""
    folders = [PROJECT / "models" / "core", PROJECT / "models" / "marts", PROJECT / "macros"]
    files = {path for folder in folders for path in folder.rglob("*.sql")}
    named = re.compile(rf"stg_(?:{'|'.join(PLATFORMS)})__|'(?:{'|'.join(PLATFORMS)})'")
    found = {path.name for path in files if named.search(path.read_text())}
    assert found == {"platforms.sql", "post_url.sql"}


def test_every_platform_has_the_views_that_core_reads(models: dict[str, Any]) -> None:
    columns = conformed_columns()
    assert set(columns) == set(CONFORMED)
    for platform in PLATFORMS:
        for view in CONFORMED:
            model = models[f"stg_{platform}__{view}"]
            assert model["fqn"][1:3] == ["staging", platform]
            assert list(model["columns"]) == list(columns[view]), model["name"]
            assert re.search(rf"conform(_nothing)?\('{view}', '{platform}'", model["raw_code"]), (
                model["name"]
            )


def stored_whole(kind: str) -> str:
    """The type without the dictionary that it may be stored with."""
    return re.sub(r"LowCardinality\((.*)\)$", r"\1", kind)


def test_core_keeps_the_types_of_what_it_reads(models: dict[str, Any]) -> None:
    """A column that not every source of a fact has may be NULL there."""
    columns = conformed_columns()
    reads = {
        "dim_account": ("account_days",),
        "fct_account_day": ("account_days", "account_insights"),
        "dim_post": ("posts", "post_days"),
        "fct_post_day": ("post_days",),
        "fct_audience_day": ("audience_days",),
        "fct_audience_hour": ("audience_hours",),
        "fct_comment": ("comments",),
    }
    for name, views in reads.items():
        types = {column: kind for view in views for column, kind in columns[view].items()}
        for column in models[name]["columns"].values():
            bare = stored_whole(column["data_type"])
            read = stored_whole(types.get(column["name"], bare))
            assert bare in {read, f"Nullable({read})"}, f"{name}.{column['name']}"


def cleaning(model: Mapping[str, Any]) -> str:
    """The body of a cleaned view; one of insights is the macro's."""
    code: str = model["raw_code"]
    return INSIGHTS_MACRO.read_text() if LATEST_INSIGHTS in code else code


def test_staging_has_a_cleaned_view_of_every_stream(manifest: dict[str, Any]) -> None:
    read = {
        parent
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        for parent in node["depends_on"]["nodes"]
    }
    landed = {key for key, of in manifest["sources"].items() if of["source_name"] == "raw"}
    assert landed - read == set()


def test_staging_describes_the_columns_it_selects(models: dict[str, Any]) -> None:
    """Contracts hold this for core and marts; staging has none."""
    for name, model in models.items():
        if layer(model) == "staging" and not is_conformed(name):
            assert sorted(SELECTED.findall(cleaning(model))) == sorted(model["columns"]), name


def test_a_column_name_has_one_description(models: dict[str, Any]) -> None:
    found: dict[str, set[str]] = {}
    for model in models.values():
        for column in model["columns"].values():
            found.setdefault(column["name"], set()).add(column["description"])
    assert {name for name, texts in found.items() if len(texts) > 1} == set()


def test_no_doc_block_is_left_over() -> None:
    texts = [path.read_text() for path in (PROJECT / "models").rglob("*.md")]
    defined = {name for text in texts for name in re.findall(r"\{% docs (\w+) %\}", text)}
    used = {name for path in yaml_files() for name in DOC.findall(path.read_text())}
    assert defined == used


def test_core_and_marts_have_enforced_contracts(models: dict[str, Any]) -> None:
    for name, model in models.items():
        if layer(model) != "staging":
            assert model["contract"]["enforced"], name
            assert all(column["data_type"] for column in model["columns"].values()), name
            assert model["config"]["order_by"], name


def test_account_grain_marts_carry_the_owner(models: dict[str, Any]) -> None:
    for name, model in models.items():
        if layer(model) == "marts" and "account_key" in model["columns"]:
            assert "creator_id" in model["columns"], name


TYPE_BY_SUFFIX = {
    "_count": {"Int64", "Nullable(Int64)"},
    "_change": {"Nullable(Int64)"},
    "_date": {"Date", "Nullable(Date)"},
    # whole hours need no fractions of a second
    "_at": {"DateTime64(6, 'UTC')", "Nullable(DateTime64(6, 'UTC'))", "DateTime('UTC')"},
    "_key": {"String"},
    "_id": {"String", "Nullable(String)"},
}

MAY_LACK_A_KEY = {"parent_comment_key", "author_key"}
"""A comment need not answer another one, and platforms hide authors."""


def test_types_follow_the_names(models: dict[str, Any]) -> None:
    for name, model in models.items():
        for column in model["columns"].values() if layer(model) != "staging" else ():
            where = f"{name}.{column['name']}: {column['data_type']}"
            for suffix, types in TYPE_BY_SUFFIX.items():
                if column["name"].endswith(suffix) and column["name"] not in MAY_LACK_A_KEY:
                    assert column["data_type"] in types, where
            if "_rate_" in column["name"]:
                assert column["data_type"] == "Nullable(Float64)", where
            if column["name"].startswith(("is_", "has_")):
                assert column["data_type"] in {"Bool", "Nullable(Bool)"}, where


def test_every_model_tests_its_key(manifest: dict[str, Any], models: dict[str, Any]) -> None:
    """Unique, alone or together with the day, of columns that cannot hold NULL (the engine refuses
    one: ``insert_null_as_default`` of the profile); what staging reads it dedupes itself, and what
    it joins is tested where core holds it."""
    keys: dict[str, list[str]] = {}
    for node in manifest["nodes"].values():
        metadata = node.get("test_metadata") or {}
        if metadata.get("name") in {"unique", "unique_together"}:
            columns = metadata["kwargs"].get("columns") or [metadata["kwargs"]["column_name"]]
            keys.setdefault(node["attached_node"], []).extend(columns)
    for name, model in models.items():
        if layer(model) == "staging":
            assert is_conformed(name) or "limit 1 by" in cleaning(model), name
            continue
        for column in keys[model["unique_id"]]:
            assert "Nullable" not in model["columns"][column]["data_type"], f"{name}.{column}"


def test_every_model_has_a_unit_test(manifest: dict[str, Any], models: dict[str, Any]) -> None:
    """A view of nothing has no row to test."""
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    nothing = {name for name, model in models.items() if NOTHING in model["raw_code"]}
    assert nothing == set(models) - tested


def test_incremental_models_test_their_incremental_run(
    manifest: dict[str, Any], models: dict[str, Any]
) -> None:
    tested = {
        test["model"]
        for test in manifest["unit_tests"].values()
        if (test["overrides"] or {}).get("macros", {}).get("is_incremental")
    }
    incremental = {n for n, m in models.items() if m["config"]["materialized"] == "incremental"}
    assert incremental - tested == set()


def raw_sources(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What ingestion lands; the other sources are tables that code or the engine writes."""
    sources = manifest["sources"].values()
    return {source["name"]: source for source in sources if source["source_name"] == "raw"}


def test_sources_hold_the_columns_that_ingestion_lands(manifest: dict[str, Any]) -> None:
    landed = {name: set(table.columns) for name, table in raw_tables().items()}
    found = raw_sources(manifest)
    assert {name: set(source["columns"]) for name, source in found.items()} == landed
    assert {source["schema"] for source in found.values()} == {"raw"}


def test_a_source_is_named_as_its_layer(manifest: dict[str, Any]) -> None:
    """From the names follow the assets' keys; the engine's own tables have no environment."""
    for source in manifest["sources"].values():
        assert source["source_name"] == source["schema"], source["name"]
        assert source["schema"] in {"raw", "ops", "ml", "system"}


def test_every_source_says_when_it_is_stale(manifest: dict[str, Any]) -> None:
    """Accounts and posts are there every day; comments or a story need not be. What a model is
    to write is stale when that model says so."""
    sources = [s for s in manifest["sources"].values() if s["source_name"] != "ml"]
    daily = set()
    for source in sources:
        limits = source["freshness"] or {}
        assert (limits.get("warn_after") or {}).get("count"), source["name"]
        assert source["loaded_at_field"] in {"fetched_at", "finished_at", "event_time"}
        if (limits.get("error_after") or {}).get("count"):
            daily.add(source["name"])
    assert {
        *("facebook__pages", "facebook__posts", "instagram__accounts", "instagram__media"),
        *("tiktok__users", "tiktok__videos", "youtube__channels", "youtube__video_stats"),
        *("app__creators", "app__connections", "ingestion_outcome"),
    } <= daily
    assert not {name for name in daily if name.endswith(("__comments", "__stories"))}


def test_no_packages_and_no_telemetry() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    assert project["flags"]["send_anonymous_usage_stats"] is False
    assert not (PROJECT / "packages.yml").exists()
    assert not (PROJECT / "dependencies.yml").exists()


def test_yaml_files_stay_short() -> None:
    """The KPIs stand in one file, however many they are: who defines one looks there alone."""
    files = [path for path in yaml_files() if path.name != "metrics.yml"]
    lengths = {path.name: len(path.read_text().splitlines()) for path in files}
    assert {name: n for name, n in lengths.items() if n > MAX_YAML_LINES} == {}
