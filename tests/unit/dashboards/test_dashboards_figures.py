"""Every chart is asked for its rows in a test that asserts them: none may show a wrong figure."""

import ast
from pathlib import Path

from dashboards.assets import load_assets

FIGURES = Path(__file__).resolve().parents[2] / "integration" / "dashboards"


def charts_with_a_figure(source: str) -> set[str]:
    """Slugs written out as the argument of ``chart_rows`` in tests that assert something."""
    tests = [
        list(ast.walk(node))
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    return {
        node.args[0].value
        for nodes in tests
        if any(isinstance(node, ast.Assert) for node in nodes)
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "chart_rows"
        and isinstance(node.args[0], ast.Constant)
    }


def test_every_chart_has_a_figure() -> None:
    modules = [path.read_text() for path in FIGURES.glob("test_*_figures.py")]
    asked = set().union(*map(charts_with_a_figure, modules))
    assert set(load_assets().charts) - asked == set()


def test_a_chart_that_is_not_asserted_has_no_figure() -> None:
    source = """
def test_asserted(chart_rows):
    assert chart_rows("accounts") == [{"accounts": 8}]

def test_nothing(chart_rows):
    chart_rows("followers")

def rows(chart_rows):
    assert chart_rows("net-growth")
"""
    assert charts_with_a_figure(source) == {"accounts"}
