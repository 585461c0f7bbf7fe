"""dbt's errors in one line; the manifest parsed again when the project changes."""

import os

from orchestration.transform import MANIFEST, dbt_errors, ensure_manifest

LONG = (
    "The dbt CLI process with command\n\n`dbt build`\n\nfailed with exit code `1`.\n\n"
    "Errors parsed from dbt logs:\n\n\x1b[31mFailure in test unique_x\x1b[0m\n"
    "  Got 2 results, configured to fail if != 0\n"
)


def test_errors_are_what_dbt_itself_says_in_one_line() -> None:
    assert dbt_errors(LONG) == "Failure in test unique_x Got 2 results, configured to fail if != 0"


def test_a_message_without_parsed_errors_is_kept() -> None:
    assert dbt_errors("The dbt CLI\nended") == "The dbt CLI ended"


def test_the_manifest_is_parsed_again_when_a_file_is_newer() -> None:
    ensure_manifest()
    os.utime(MANIFEST, (0, 0))
    ensure_manifest()
    assert MANIFEST.stat().st_mtime > 0
    before = MANIFEST.stat().st_mtime_ns
    ensure_manifest()
    assert MANIFEST.stat().st_mtime_ns == before
