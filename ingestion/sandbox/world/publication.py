"""The coefficients as the Markdown table of ``docs/world.md``."""

from ingestion.sandbox.world.coefficients import rows


def coefficient_table() -> str:
    """A row for each coefficient: name, value, unit, meaning."""
    lines = ["| coefficient | value | unit | meaning |", "|---|---|---|---|"]
    for name, value, unit, meaning in rows():
        lines.append(f"| `{name}` | {value:,.6g} | {unit} | {meaning} |")
    return "\n".join(lines)
