"""The platforms that dbt's core models unite: a macro made from the registry.

``python -m orchestration.dbt_platforms`` writes it again after a platform has come or gone.
"""

from collections.abc import Iterable
from pathlib import Path

from ingestion.registry import PLATFORMS
from orchestration.resources import DBT_FOLDER

MACRO = DBT_FOLDER / "macros" / "platforms.sql"
TEXT = """\
{{#- Made from ingestion.registry by `python -m orchestration.dbt_platforms`: do not edit. -#}}
{{% macro platforms() -%}}
    {{{{ return([{names}]) }}}}
{{%- endmacro %}}
"""


def platforms_macro(names: Iterable[str] = PLATFORMS) -> str:
    """The macro ``platforms()`` as text: the platforms' names in alphabetical order."""
    return TEXT.format(names=", ".join(f"'{name}'" for name in sorted(names)))


def write_platforms_macro(path: Path = MACRO) -> bool:
    """Write the macro where it differs from the registry; whether it did."""
    text = platforms_macro()
    if path.exists() and path.read_text() == text:
        return False
    path.write_text(text)
    return True


if __name__ == "__main__":
    write_platforms_macro()
