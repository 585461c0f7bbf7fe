"""The platforms that dbt's core models unite, and their days: macros made from the registry.

``python -m orchestration.dbt_platforms`` writes them again after a platform has come or gone.
"""

from collections.abc import Mapping
from pathlib import Path

from ingestion.registry import PLATFORMS
from orchestration.resources import DBT_FOLDER

MACRO = DBT_FOLDER / "macros" / "platforms.sql"
TIME_ZONES: Mapping[str, str] = {name: of.time_zone for name, of in PLATFORMS.items()}
TEXT = """\
{{#- Made from ingestion.registry by `python -m orchestration.dbt_platforms`: do not edit. -#}}
{{% macro platforms() -%}}
    {{{{ return([{names}]) }}}}
{{%- endmacro %}}

{{#- The zones whose midnights cut the platforms' days. -#}}
{{% macro platform_time_zones() -%}}
    {{{{ return({{
        {zones}
    }}) }}}}
{{%- endmacro %}}
"""


def platforms_macro(time_zones: Mapping[str, str] = TIME_ZONES) -> str:
    """The macros ``platforms()`` and ``platform_time_zones()`` as text, platforms in alphabetical
    order; ``time_zones`` are IANA names by platform."""
    platforms = sorted(time_zones)
    return TEXT.format(
        names=", ".join(f"'{name}'" for name in platforms),
        zones="\n        ".join(f"'{name}': '{time_zones[name]}'," for name in platforms),
    )


def write_platforms_macro(path: Path = MACRO) -> bool:
    """Write the macros where they differ from the registry; whether they did."""
    text = platforms_macro()
    if path.exists() and path.read_text() == text:
        return False
    path.write_text(text)
    return True


if __name__ == "__main__":
    write_platforms_macro()
