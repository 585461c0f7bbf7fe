"""The recorded TikTok videos as the frames that KPIs are counted from: read from the file alone.

One reading of each account on one day, no insights, audiences or comments: what rests on these is
not known. Of a doubled video id the higher counters are the later reading; of a creator's counts
that differ between rows the highest is.
"""

from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from clickhouse_connect.driver.client import Client
from kpi_raw import INSIGHTS, MICROSECONDS_A_DAY, Raw

COUNTERS = ["view_count", "like_count", "comment_count", "share_count"]


class Recorded(Raw):
    """The file ``csv`` in place of raw tables.

    Args:
        client: for what is no raw table: outcomes, forecasts and the engine's log.
        database: the raw database beside which these stand.
        csv: ``tiktok_videos.csv``.
        keys: the key of each creator's account, which the sandbox gave.
        day: the day on which the accounts were read, in days since 1970.
    """

    def __init__(
        self, client: Client, database: str, csv: Path, keys: dict[str, str], day: int
    ) -> None:
        super().__init__(client, database)
        self._day = day
        frame = pd.read_csv(csv, dtype={"video_id": str, "username": str})
        frame["account"] = frame.username.map(keys)
        assert frame.account.notna().all()
        self._rows = frame

    def read(self, table: str, columns: str, where: str = "1") -> pd.DataFrame:
        """No raw table is read."""
        return pd.DataFrame()

    @cached_property
    def account_reads(self) -> pd.DataFrame:
        by_account = self._rows.groupby("account")
        rows = by_account.agg(
            followers=("follower_count", "max"), lifetime_posts=("video_count", "max")
        ).astype(float)
        rows = rows.reset_index().assign(day=self._day, platform="tiktok")
        unknown = dict.fromkeys(("fetched", "following", "verified", "opened"), np.nan)
        return rows.assign(**unknown)

    @cached_property
    def insights(self) -> pd.DataFrame:
        empty = pd.DataFrame(columns=["account", "day", *INSIGHTS])
        return empty.astype({"day": "int64", "account": str} | dict.fromkeys(INSIGHTS, float))

    @cached_property
    def posts(self) -> pd.DataFrame:
        rows = self._rows.sort_values(COUNTERS).drop_duplicates("video_id", keep="last")
        counters = rows[COUNTERS].astype(float)
        posts = pd.DataFrame(
            {
                "account": rows.account,
                "post": "tiktok:" + rows.video_id,
                "published": rows.create_time * 1e6,
                "day": self._day,
                "views": counters.view_count,
                "likes": counters.like_count,
                "comments": counters.comment_count,
                "shares": counters.share_count,
                "saves": np.nan,
                "reach": np.nan,
                "reached_interactions": np.nan,
                "interactions": counters.like_count + counters.comment_count + counters.share_count,
                "platform": "tiktok",
            }
        )
        posts["published_day"] = np.floor(posts.published / MICROSECONDS_A_DAY)
        return posts.sort_values(["account", "post"]).reset_index(drop=True)

    @cached_property
    def details(self) -> pd.DataFrame:
        """Languages are found in ingestion; no KPI of one reading rests on them."""
        posts = self.posts
        unknown = {"language": None, "sponsored": np.nan}
        return pd.DataFrame({"post": posts.post, "format": "video"}).assign(**unknown)
