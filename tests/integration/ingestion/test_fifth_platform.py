"""A fifth platform is one source file, one staging folder and one registry line: here it is added.

What ``docs/add-a-platform.md`` describes is done to a copy of the project, and nothing else; then
the copy's own commands read the platform, and its graph knows it.
The files are those of ``fifth_platform/``.
"""

import filecmp
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from ingestion_environment import ROOT, Ingestion, serving
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ingestion.connections import Connection, Creator, Tokens

FILES = Path(__file__).with_name("fifth_platform")
COPIED = (
    "dashboards",
    "dbt_project",
    "ingestion",
    "ml",
    "orchestration",
    "pyproject.toml",
    "serving",
    "warehouse",
)
REGISTRY = "ingestion/registry.py"
LINE = '    "ingestion.chirper:CHIRPER",\n'
CHIRPS = 120


def chirper_api() -> Starlette:
    """A small platform with an API of its own: tokens, pages by cursor, daily numbers."""

    def who(request: Request) -> str | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer chirper-token-of-")
        return token if token in ("u1", "u2") else None

    def refused(code: str) -> Response:
        return JSONResponse({"error": {"code": code, "message": f"It is {code}."}}, 400)

    async def me(request: Request) -> Response:
        user = who(request)
        if user is None:
            return refused("token_dead")
        counts = {"followers": "1200", "lists": 3}
        return JSONResponse(
            {"user": {"id": user, "name": "Ann", "createdAt": 1_700_000_000, "counts": counts}}
        )

    async def chirps(request: Request) -> Response:
        user, start = who(request), int(request.query_params.get("cursor", 0))
        if user is None:
            return refused("token_dead")
        end = min(start + int(request.query_params["limit"]), CHIRPS)
        found = [
            {
                "id": f"{user}-{n}",
                "text": "hi",
                "postedAt": 1_780_000_000 + n,
                "counts": {"views": n},
            }
            for n in range(start, end)
        ]
        return JSONResponse({"chirps": found} | ({"next": end} if end < CHIRPS else {}))

    async def insights(request: Request) -> Response:
        if who(request) is None:
            return refused("token_dead")
        first, last = (date.fromisoformat(request.query_params[name]) for name in ("from", "to"))
        if "visits" in request.query_params["metrics"]:
            return refused("unknown_metric")
        days = [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]
        assert len(days) <= 30
        return JSONResponse({"days": [{"date": str(day), "views": 7} for day in days]})

    return Starlette(
        routes=[
            Route("/v1/me", me),
            Route("/v1/chirps", chirps),
            Route("/v1/insights", insights),
        ]
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the platform added."""
    copy = tmp_path_factory.mktemp("project")
    litter = shutil.ignore_patterns("__pycache__", "target", "logs", ".*cache")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=litter)
        else:
            shutil.copy(ROOT / name, copy / name)
    shutil.copy(FILES / "chirper.py", copy / "ingestion")
    if (FILES / "staging").exists():
        shutil.copytree(FILES / "staging", copy / "dbt_project" / "models" / "staging" / "chirper")
    registry = copy / REGISTRY
    text = registry.read_text()
    place = text.index('    "ingestion.facebook:')
    registry.write_text(text[:place] + LINE + text[place:])
    return copy


@pytest.fixture
def chirper(make_ingestion: Callable[..., Ingestion]) -> Iterator[Ingestion]:
    """An environment with two connected accounts of the platform."""
    with serving(chirper_api()) as url:
        ingestion = make_ingestion(url, "--creators", "1")
        ingestion.env = {"CHIRPER_BASE_URL": url}
        store, now = ingestion.store, datetime(2026, 1, 1, tzinfo=UTC)
        people = [Creator(creator_id="c1", display_name="Ann", created_at=now)]
        accounts = [
            (
                Connection(
                    connection_id=f"k{user}",
                    creator_id="c1",
                    platform="chirper",
                    account_id=user,
                    handle=user,
                    connected_at=now,
                ),
                Tokens(access_token=SecretStr(f"chirper-token-of-{user}")),
            )
            for user in ("u1", "u2", "u3")
        ]
        store.put(people, accounts, replace=True)
        store.close()
        yield ingestion


def run(project: Path, ingestion: Ingestion, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``python <arguments>`` in the copy."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env=ingestion.environment() | {"PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_nothing_else_is_touched(project: Path) -> None:
    def differences(here: filecmp.dircmp[str], at: str = "") -> Iterator[str]:
        yield from (f"{at}{name}" for name in [*here.right_only, *here.diff_files])
        for name, below in here.subdirs.items():
            yield from differences(below, f"{at}{name}/")

    litter = ["__pycache__", "target", "logs", "dbt_packages"]
    touched = {
        f"{name}/{path}"
        for name in COPIED
        if (ROOT / name).is_dir()
        for path in differences(filecmp.dircmp(ROOT / name, project / name, ignore=litter))
    }
    allowed = {
        "ingestion/chirper.py",
        REGISTRY,
        "dbt_project/models/staging/chirper",
        # Written by a command, from the registry.
        "dbt_project/macros/platforms.sql",
    }
    assert touched <= allowed
    assert {"ingestion/chirper.py", REGISTRY} <= touched
    before, after = (ROOT / REGISTRY).read_text(), (project / REGISTRY).read_text()
    assert after.replace(LINE, "") == before


def test_the_platform_is_read_like_any_other(project: Path, chirper: Ingestion) -> None:
    for _ in range(2):  # the second run leaves no duplicate
        done = run(project, chirper, "-m", "ingestion.chirper")
        assert "2 of 3 accounts read whole; 1 not, e.g. chirper: account u3: It is token_dead" in (
            done.stdout
        )
        assert chirper.query("SELECT user_id, follower_count, extra FROM {raw}.chirper__users") == [
            (user, 1200, '{"counts":{"lists":3}}') for user in ("u1", "u2")
        ]
        assert chirper.query(
            "SELECT user_id, count(), uniqExact(id), sum(view_count), max(like_count) "
            "FROM {raw}.chirper__chirps GROUP BY user_id ORDER BY user_id"
        ) == [(user, CHIRPS, CHIRPS, CHIRPS * (CHIRPS - 1) // 2, None) for user in ("u1", "u2")]
        assert chirper.query(
            "SELECT metric, uniqExact(date), sum(value) FROM {raw}.chirper__account_insights "
            "GROUP BY metric"
        ) == [("views", 30, 30 * 7.0 * 2)]
    assert chirper.query(
        "SELECT DISTINCT metric, reason FROM {ops}.metric_availability WHERE NOT is_available"
    ) == [("visits", "not_supported")]
    failed = "SELECT DISTINCT account_id, error_class FROM {ops}.ingestion_outcome "
    assert chirper.query(failed + "WHERE status = 'failed'") == [("u3", "token_dead")]


def test_the_graph_has_its_tables(project: Path, chirper: Ingestion) -> None:
    told = run(
        project,
        chirper,
        "-c",
        "from orchestration.ingest import ingest_assets\n"
        "print(*(key.to_user_string() for made in ingest_assets() for key in made.keys))",
    )
    assert {
        "raw/chirper__users",
        "raw/chirper__chirps",
        "raw/chirper__account_insights",
        "raw/tiktok__users",
    } <= set(told.stdout.split())


def test_dbt_is_told_of_it_by_a_command(project: Path, chirper: Ingestion) -> None:
    run(project, chirper, "-m", "orchestration.dbt_platforms")
    assert "'chirper'" in (project / "dbt_project" / "macros" / "platforms.sql").read_text()
