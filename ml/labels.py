"""What is known of fraud and incidents at a day, as an insurer would know it: late and not surely.

The synthetic world's truth lies in ``truth``, which no feature may read. Here it becomes labels:
what investigations had found and creators had reported by ``known_on``. Delays and errors are drawn
per account and incident from the seed, so a label differs between two days only by what became
known meanwhile. Accounts guilty of the fraud type that is held out of training have no label.
Simulated: no claim about real creators.

Of the last days before ``known_on`` many incidents are not reported yet. Their exposure counts only
by the share that is (the Cape Cod method: Stanard 1985; Bühlmann), so that counts / exposure is
the frequency of the incidents that come to be reported.
"""

import hashlib
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from ml.tables import Tables

PERILS = ("account_takeover", "suspension", "engagement_collapse", "reputation", "liability")
OUTCOMES = tuple(
    f"{peril}{part}" for peril in PERILS for part in ("", "_amount", "_days", "_ended")
)
"""What is counted of an example: incidents of each peril, their cost, how long they lasted."""
# strike a creator as a person: counted on the creator's largest account alone
PERSONAL = ("reputation", "liability")
FOUND = 0.85
"""Share of frauds that an investigation finds."""
FALSELY_FOUND = 0.01
"""Share of honest accounts that one accuses."""
FOUND_AFTER = (21.0, 0.7)
"""Days from the first act to the finding: median, and spread of the log."""
REPORTED = 0.95
"""Share of incidents that are reported."""
REPORTED_AFTER = (4.0, 0.9)
"""Days from an incident to its report: median, and spread of the log."""
AMOUNT_SPREAD = 0.1
"""Error of a reported amount, as spread of its log."""

ACCOUNTS = """
SELECT
    accounts.platform || ':' || accounts.account_id AS account_key,
    accounts.is_fraud AS is_fraud,
    accounts.is_held_out AS is_held_out,
    events.first_date AS first_date
FROM {truth}.account AS accounts
LEFT JOIN (
    SELECT platform, account_id, min(start_date) AS first_date
    FROM {truth}.event WHERE is_fraud GROUP BY platform, account_id
) AS events ON accounts.platform = events.platform AND accounts.account_id = events.account_id
ORDER BY account_key
SETTINGS join_use_nulls = 1
"""
INCIDENTS = """
SELECT
    incident_id, creator_id, peril, start_date, severity_amount, duration_days,
    if(platform IS NULL, NULL, platform || ':' || account_id) AS account_key
FROM {truth}.incident ORDER BY incident_id
"""


def read_findings(tables: Tables, seed: int) -> pd.DataFrame:
    """What investigations find of each account, and when.

    Returns:
        ``account_key``, ``is_held_out``, ``is_found``, ``began_on`` (the first act, NaT where
        none is known) and ``found_on`` (NaT where nothing is found). Empty without a world's truth.
    """
    truth = tables.read(ACCOUNTS)
    draws = _uniforms(truth.account_key, seed, "finding")
    late = _delays(truth.account_key, seed, "found_after", FOUND_AFTER)
    is_found = np.where(truth.is_fraud, draws < FOUND, draws < FALSELY_FOUND)
    # someone accused without an act is accused from the world's first finding on
    began = truth.first_date.where(truth.is_fraud).fillna(truth.first_date.min())
    return pd.DataFrame(
        {
            "account_key": truth.account_key,
            "is_held_out": truth.is_held_out.astype(bool),
            "is_found": is_found.astype(bool),
            "began_on": began.where(is_found),
            "found_on": (began + pd.to_timedelta(late, unit="D")).where(is_found),
        }
    )


def read_reports(tables: Tables, seed: int) -> pd.DataFrame:
    """The incidents that are reported.

    Returns:
        ``creator_id``, ``account_key`` (None where the creator as a person is meant), ``peril``,
        ``start_date``, ``end_date`` (the day after the last; NaT: it never ends), ``reported_on``,
        ``amount`` (USD, as reported).
    """
    truth = tables.read(INCIDENTS)
    ids = truth.incident_id
    error = norm.ppf(_uniforms(ids, seed, "amount")) * AMOUNT_SPREAD
    late = _delays(ids, seed, "reported_after", REPORTED_AFTER)
    reports = truth.assign(
        reported_on=truth.start_date + pd.to_timedelta(late, unit="D"),
        amount=truth.severity_amount * np.exp(error),
        end_date=truth.start_date + pd.to_timedelta(truth.duration_days.astype(float), unit="D"),
    )
    columns = ["creator_id", "account_key", "peril", "start_date", "end_date", "reported_on"]
    columns.append("amount")
    return reports.loc[_uniforms(ids, seed, "reported") < REPORTED, columns].reset_index(drop=True)


def label_fraud(examples: pd.DataFrame, findings: pd.DataFrame, known_on: date) -> pd.DataFrame:
    """The examples that have a label, with ``is_fraud`` (bool): begun by ``as_of``, found since.

    Args:
        examples: ``account_key``, ``as_of`` and whatever else.
        findings: as :func:`read_findings` gives them.
        known_on: the day of the training; what is found later is not known yet.
    """
    joined = examples.merge(findings, on="account_key", how="inner", validate="many_to_one")
    day = pd.Timestamp(known_on)
    guilty = joined.is_found & (joined.found_on <= day) & (joined.began_on <= joined.as_of)
    kept = joined.assign(is_fraud=guilty)[~joined.is_held_out.astype(bool)]
    return kept[[*examples.columns, "is_fraud"]].reset_index(drop=True)


def count_incidents(
    examples: pd.DataFrame, reports: pd.DataFrame, known_on: date, days: int
) -> pd.DataFrame:
    """The examples with the incidents of the ``days`` after ``as_of`` that are known.

    Args:
        examples: ``creator_id``, ``account_key``, ``as_of``, ``follower_log`` and whatever else.
        reports: as :func:`read_reports` gives them.
        known_on: the day of the training.
        days: length of the exposure; it ends at ``known_on`` where that comes first.

    Returns:
        The examples with ``exposure_years`` (each day by :func:`reported_share`) and, per peril,
        ``<peril>`` (count), ``<peril>_amount`` (USD, 0 without an incident), ``<peril>_days`` that
        these have lasted by ``known_on`` and ``<peril>_ended`` (how many of them ended by then;
        both NaN without an incident). A peril that strikes creators is NaN on all but the largest
        account of each. Examples without exposure are left out.
    """
    day = pd.Timestamp(known_on)
    counted = examples.assign(exposure_years=_exposure_years(day - examples.as_of, days))
    counted = counted[counted.exposure_years > 0].reset_index(drop=True)
    known = reports[reports.reported_on <= day]
    seen_until = known.end_date.where(known.end_date <= day, day)
    known = known.assign(
        count=1.0,
        days=(seen_until - known.start_date).dt.days,
        ended=(known.end_date <= day).astype(float),
    )
    main = is_largest(counted)
    for peril in PERILS:
        key = "creator_id" if peril in PERSONAL else "account_key"
        totals = _in_windows(counted, known[known.peril == peril], key, days)
        if peril in PERSONAL:
            totals.loc[~main] = np.nan
        counted[peril], counted[f"{peril}_amount"] = totals["count"], totals.amount
        struck = totals[["days", "ended"]].where(totals["count"] > 0)
        counted[f"{peril}_days"], counted[f"{peril}_ended"] = struck.days, struck.ended
    return counted


def reported_share(days: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Share of a day's incidents, of those ever reported, that are reported ``days`` later; [n]."""
    median, spread = REPORTED_AFTER
    passed = np.asarray(days, dtype=np.float64)
    later = np.log(np.maximum(passed, 1) / median) / spread
    return np.where(passed >= 1, norm.cdf(later), 0.0)


def _exposure_years(age: pd.Series, days: int) -> npt.NDArray[np.float64]:
    """Years of the ``days`` after rows that are ``age`` old, each day by its share reported."""
    old = np.clip(age.dt.days.to_numpy(dtype=np.int64), 0, None)
    shares = reported_share(np.arange(old.max(initial=0)))
    until = np.concatenate([[0.0], np.cumsum(shares)])
    return np.asarray((until[old] - until[np.clip(old - days, 0, None)]) / 365)


def _in_windows(examples: pd.DataFrame, reports: pd.DataFrame, key: str, days: int) -> pd.DataFrame:
    """Sums over the reports that start in the days after each example's ``as_of``.

    Returns:
        ``count``, ``amount``, ``days``, ``ended``; one row per example, in their order.
    """
    sums = ["count", "amount", "days", "ended"]
    rows = examples[[key, "as_of"]].assign(row=np.arange(len(examples)))
    pairs = rows.merge(reports[[key, "start_date", *sums]].dropna(subset=[key]), on=key)
    after = (pairs.start_date - pairs.as_of).dt.days
    hits = pairs[(after > 0) & (after <= days)]
    return pd.DataFrame(
        {
            name: np.bincount(
                hits.row, weights=hits[name].to_numpy(float), minlength=len(examples)
            ).astype(float)
            for name in sums
        }
    )


def is_largest(examples: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether an account is its creator's largest on the day; the first by key among equals.

    Args:
        examples: ``creator_id``, ``account_key``, ``as_of``, ``follower_log``, [n]. Of a creator
            who is not known no account is the largest.
    """
    ordered = examples.sort_values(["follower_log", "account_key"], ascending=[False, True])
    first = ~ordered.duplicated(["creator_id", "as_of"]) & ordered.creator_id.notna()
    return first.reindex(examples.index).to_numpy(dtype=bool)


def _uniforms(ids: pd.Series, seed: int, salt: str) -> npt.NDArray[np.float64]:
    """A number in (0, 1) for each id that depends on it, the seed and the salt alone."""
    digests = [hashlib.sha256(f"{seed}/{salt}/{name}".encode()).digest() for name in ids]
    whole = np.array([int.from_bytes(digest[:6], "big") for digest in digests], dtype=float)
    return np.asarray((whole + 0.5) / 2.0**48)


def _delays(
    ids: pd.Series, seed: int, salt: str, median_and_spread: tuple[float, float]
) -> npt.NDArray[np.float64]:
    median, spread = median_and_spread
    return np.asarray(np.ceil(median * np.exp(spread * norm.ppf(_uniforms(ids, seed, salt)))))
