"""Reasons of a score: strongest first, at most four, in plain words."""

import numpy as np
import pandas as pd

from ml.reasons import MOST, NO_REASON, UNKNOWN_SEGMENT, explain, unknown_level

VALUES = pd.DataFrame(
    {"followers": [125_000, 10], "rate": [0.0375, np.nan], "has_mfa": [False, True]}
)


def _told(moved: list[list[float]], first: list | None = None) -> tuple[list, list]:
    contributions = pd.DataFrame(moved, columns=VALUES.columns)
    reasons = explain(contributions, VALUES, {"has_mfa": "two-factor login"}, first or [[], []])
    return reasons.codes, reasons.texts


def test_the_strongest_come_first_in_both_directions() -> None:
    codes, texts = _told([[0.1, -0.5, 0.3], [0.0, 0.0, np.log(0.5)]])
    assert codes == [["rate_lowers", "has_mfa_raises", "followers_raises"], ["has_mfa_lowers"]]
    assert texts[0] == [
        "rate (0.0375) lowers the risk by 39%",
        "two-factor login (no) raises the risk by 35%",
        "followers (125,000) raises the risk by 11%",
    ]
    assert texts[1] == ["two-factor login (yes) lowers the risk by 50%"]


def test_what_hardly_moves_a_score_is_no_reason() -> None:
    codes, texts = _told([[0.01, -0.019, 0.0], [0.0, 0.0, 0.0]])
    assert codes == [[NO_REASON[0]]] * 2
    assert texts == [[NO_REASON[1]]] * 2


def test_what_is_not_known_comes_first_and_four_are_the_most() -> None:
    first = [[UNKNOWN_SEGMENT, unknown_level("platform", "twitch")], []]
    codes, texts = _told([[0.1, 0.2, 0.3], [0.1, 0.2, 0.3]], first)
    assert codes[0] == ["unknown_segment", "unknown_platform", "has_mfa_raises", "rate_raises"]
    assert len(texts[0]) == MOST
    assert texts[1][1] == "rate (not known) raises the risk by 22%"
