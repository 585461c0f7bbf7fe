"""What the cards say of each model in words: what it is, what it is not for, what it cannot do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """The prose of a model's card; each list becomes a list of points."""

    title: str
    what: str
    use: tuple[str, ...]
    misuse: tuple[str, ...]
    judged_on: str
    limits: tuple[str, ...]


SIMULATED = "Simulated: no claim about real creators."
"""Stands on every card: labels and histories are those of the synthetic world."""

WORDS = {
    "authenticity": Words(
        title="Authenticity",
        what=(
            "The probability that an account's audience or engagement are materially bought or "
            "traded, with the middle 90 % of its ensemble's members, a score 0-100, a band and at "
            "most four reasons. Gradient boosting that may only rise where a signal grows more "
            "suspicious, calibrated on a later period; beside it an isolation forest that knows "
            "no labels."
        ),
        use=(
            "To choose which accounts a person looks at first, with the reasons.",
            "To compare accounts of one day.",
        ),
        misuse=(
            "It is no share of fake followers and no proof of fraud.",
            "No decision on a person or a policy by the score alone.",
        ),
        judged_on=(
            "rows of the last third of the training days, each by the members that were not fitted "
            "on its creator, calibrated on half of these creators and judged on the other half"
        ),
        limits=(
            "Labels are findings: late, never complete, a few of them wrong.",
            "A kind of fraud that no label knows is seen by the signals that stand out alone.",
            "The interval is the spread of members fitted on creators drawn anew: how much the "
            "probability hangs on the training set, not a coverage.",
            "The calibration that speaks is fitted on both halves once one of them has judged it.",
            "Rows are not independent: an account stands in several days.",
            "Many signals are the most of a window of 365 days: while the history is shorter they "
            "rise with it, and features shift.",
        ),
    ),
    "growth": Words(
        title="Growth",
        what=(
            "Followers, reach and engagement rate in 7, 14, 28 and 90 days with intervals of 80 "
            "and 95 %. Direct quantile boosting over all accounts, corrected by group from origins "
            "that are resolved; for few accounts simple methods, combined, with the errors "
            "that they made; short histories by statsforecast. The method names which."
        ),
        use=("To plan with a range, and to see when an account leaves it.",),
        misuse=(
            "Coverage holds over groups of accounts: it promises nothing of a single one.",
            "It knows no event that is still to come.",
        ),
        judged_on="the last 28 days of each metric, by a model of what was known before them",
        limits=(
            "Intervals of the methods ets and drift are statsforecast's own and too narrow for "
            "what drifts, also where they are widened: .4 to .7 of 80 % on simulated series.",
            "The horizon of 90 days is not judged here.",
            "One origin: the days that it forecasts share their events.",
        ),
    ),
    "risk": Words(
        title="Risk",
        what=(
            "By peril: events a year, probability in a year, the share that costs anything, "
            "expected loss and days of an outage, a band 1-5, reasons, "
            "and the credibility Z of the segment's own experience. Frequency is a Poisson GLM, "
            "or in a challenger monotone boosting; severity a Gamma GLM or a mean; a belief of "
            "experts is the start."
        ),
        use=(
            "To compare accounts and segments of a portfolio.",
            "To see how far the portfolio's own experience speaks (Z).",
        ),
        misuse=(
            "It is no premium: no loading, no reinsurance, no legal limit is in it.",
            "No decision on a person by the score alone.",
        ),
        judged_on=(
            "the last third of the training days, by models of the same kind that were fitted on "
            "the days before them (what says `train` on all days, which the fit had seen); "
            "exposure counts by the share of reports that have come"
        ),
        limits=(
            "Incidents are rare: a peril with few of them is a belief more than experience.",
            "Reports are late and not complete; amounts are as they were reported.",
            "No model of a person's sex, age or race, and no feature that stands for one.",
        ),
    ),
}
