"""Who may see what: rows are withheld unless written down, and a slip in the file is found."""

import ast
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from dashboards.access import ADMINISTRATOR, GUEST_ROLE, row_rules
from dashboards.assets import ASSETS_PATH, Access, Assets, load_assets
from dashboards.validation import validate
from tests.asset_mutations import Mutation, set_value
from warehouse.errors import UserError


@pytest.fixture(scope="module")
def assets() -> Assets:
    """The assets as they are written down."""
    return load_assets()


def clauses(assets: Assets, dataset: str, role: str) -> set[str]:
    """The conditions that the rows of a dataset meet for a role."""
    return {
        rule.clause
        for rule in row_rules(assets)
        if dataset in rule.datasets and role not in rule.exempt
    }


@pytest.mark.parametrize("role", ["a role made by hand", "Gamma", "Public"])
def test_an_unknown_role_sees_no_row_but_those_of_its_own_name(assets: Assets, role: str) -> None:
    for slug, dataset in assets.datasets.items():
        found = clauses(assets, slug, role)
        if dataset.column("creator_id") is None:
            assert "1 = 0" in found, slug
        else:
            assert found == {"creator_id IN {{ [current_username()] | where_in }}"}, slug


@pytest.mark.parametrize("role", ["analyst", "underwriter", ADMINISTRATOR])
def test_who_sees_everything_meets_no_condition(assets: Assets, role: str) -> None:
    assert all(clauses(assets, slug, role) == set() for slug in assets.datasets)


def test_a_creator_sees_its_own_rows_and_figures_over_many_accounts(assets: Assets) -> None:
    assert clauses(assets, "mart_engagement__benchmark", "creator") == {"account_count >= 5"}
    assert clauses(assets, "mart_growth__cohort", "creator") == {"cohort_account_count >= 5"}
    assert clauses(assets, "mart_ops__cost", "creator") == {"1 = 0"}
    assert all("current_username" in c for c in clauses(assets, "mart_engagement__post", "creator"))


def test_a_dataset_that_nobody_thought_of_is_withheld(assets: Assets) -> None:
    new = assets.datasets["mart_ops__cost"]
    more = replace(assets, datasets={**assets.datasets, "mart_ops__new": new})
    assert clauses(more, "mart_ops__new", "creator") == {"1 = 0"}


def test_a_guest_has_the_role_that_the_rules_are_about() -> None:
    """superset_config.py runs where the project is not installed: the name is written twice."""
    module = ast.parse((ASSETS_PATH.parent / "superset_config.py").read_text())
    named = {
        target.id: ast.literal_eval(statement.value)
        for statement in module.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    assert named["GUEST_ROLE_NAME"] == GUEST_ROLE


FAULTS: list[tuple[Mutation, str]] = [
    (
        set_value(
            "roles",
            "Admin",
            value={
                "description": "d",
                "permissions": [],
                "dashboards": [],
                "datasets": [],
                "rows": "all",
            },
        ),
        "access.yaml: role Admin: is Superset's own",
    ),
    (
        set_value("roles", "analyst", "permissions", value=["loook"]),
        "access.yaml: role analyst: permissions 'loook' are not written down",
    ),
    (
        set_value("roles", "underwriter", "datasets", value=["mart_engagement__acount"]),
        "access.yaml: role underwriter: dataset 'mart_engagement__acount' has no file",
    ),
    (
        set_value("roles", "creator", "dashboards", value=["overwiev"]),
        "access.yaml: role creator: dashboard 'overwiev' has no file",
    ),
    (
        set_value("roles", "creator", "datasets", value="all"),
        "access.yaml: role creator: a role of own rows reads through its dashboards alone",
    ),
    (
        set_value("roles", "creator", "dashboards", value=["pipeline-health"]),
        "access.yaml: role creator: dashboard 'pipeline-health' reads mart_ops__cost",
    ),
    (
        lambda content: content["shared_rows"].pop("mart_growth__cohort") and None,
        "access.yaml: role creator: dashboard 'growth' reads mart_growth__cohort",
    ),
    (
        set_value("shared_rows", "mart_growth__cohort", value="account_count >= 5"),
        "access.yaml: shared_rows: mart_growth__cohort: Unknown expression",
    ),
    (
        set_value("shared_rows", "mart_fraud__pod", value="1 = 1"),
        "access.yaml: shared_rows: mart_fraud__pod: its rows are somebody's own",
    ),
    (
        set_value("shared_rows", "mart_growth__kohort", value="1 = 1"),
        "access.yaml: shared_rows: mart_growth__kohort: has no file",
    ),
]


@pytest.mark.parametrize(("mutation", "fault"), FAULTS, ids=[item[1] for item in FAULTS])
def test_a_fault_is_found(assets: Assets, mutation: Mutation, fault: str) -> None:
    content = yaml.safe_load((ASSETS_PATH / "access.yaml").read_text())
    mutation(content)
    broken = replace(assets, access=Access.model_validate(content))
    assert any(found.startswith(fault) for found in validate(broken))


def test_a_creators_filter_reads_no_dataset_that_it_may_not_see(assets: Assets) -> None:
    board = assets.dashboards["overview"]
    slip = board.filters[0].model_copy(update={"dataset": "mart_ops__cost", "column": "asset"})
    filtered = board.model_copy(update={"filters": [slip]})
    broken = replace(assets, dashboards={**assets.dashboards, "overview": filtered})
    fault = "access.yaml: role creator: dashboard 'overview' reads mart_ops__cost"
    assert any(found.startswith(fault) for found in validate(broken))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = shutil.copytree(ASSETS_PATH, tmp_path / "assets")
    (path / "access.yaml").unlink()
    with pytest.raises(UserError, match=r"^dashboards: assets/access.yaml: is missing\.$"):
        load_assets(path)
