"""Raw tables as frames of one shape for all platforms: what the KPIs are counted from in pandas.

Days are numbers of days since 1970, moments microseconds since 1970, absent numbers NaN. Of rows
that were read twice the later reading holds. Which field of a platform means what is written here
a second time, from the platforms' documentation; nothing is taken from the dbt project.
"""

import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from clickhouse_connect.driver.client import Client

MICROSECONDS_A_DAY = 86_400_000_000
COUNTERS = ["views", "likes", "comments", "shares", "saves", "reach"]
INSIGHTS = ["reach", "views", "profile_views", "gained", "lost", "engagements", "engaged"]

ACCOUNTS = {
    "facebook": (
        "facebook__pages",
        "id AS account, username AS handle, name AS display_name, followers_count AS followers, "
        "verification_status != 'not_verified' AS verified",
    ),
    "instagram": (
        "instagram__accounts",
        "id AS account, username AS handle, name AS display_name, followers_count AS followers, "
        "follows_count AS following, media_count AS lifetime_posts",
    ),
    "tiktok": (
        "tiktok__users",
        "open_id AS account, username AS handle, display_name, follower_count AS followers, "
        "following_count AS following, video_count AS lifetime_posts, is_verified AS verified",
    ),
    "youtube": (
        "youtube__channels",
        "id AS account, custom_url AS handle, title AS display_name, "
        "if(hidden_subscriber_count, NULL, subscriber_count) AS followers, "
        "video_count AS lifetime_posts, toUnixTimestamp64Micro(published_at) AS opened",
    ),
}
POSTS = {
    "facebook": (
        "facebook__posts",
        "page_id AS account, id AS post, created_time AS published, reaction_count AS likes, "
        "comment_count AS comments, share_count AS shares",
    ),
    "instagram": (
        "instagram__media",
        "account_id AS account, id AS post, timestamp AS published, view_count AS views, "
        "like_count AS likes, comments_count AS comments, shares_count AS shares, "
        "saved_count AS saves",
    ),
    "tiktok": (
        "tiktok__videos",
        "open_id AS account, id AS post, create_time AS published, view_count AS views, "
        "like_count AS likes, comment_count AS comments, share_count AS shares",
    ),
    "youtube": (
        "youtube__video_stats",
        "channel_id AS account, id AS post, published_at AS published, view_count AS views, "
        "like_count AS likes, comment_count AS comments",
    ),
}
INTERACTIONS = {
    "facebook": ["likes", "comments"],
    "instagram": ["likes", "comments"],
    "tiktok": ["likes", "comments", "shares"],
    "youtube": ["likes", "comments"],
}
POST_REACH = {
    "facebook": ("facebook__post_insights", "post_total_media_view_unique"),
    "instagram": ("instagram__media_insights", "reach"),
    "tiktok": ("tiktok__video_insights", "reach"),
}
DETAILS = {
    "facebook": (
        "facebook__posts",
        "id AS post, language, permalink_url AS link, attachments, "
        "if(sponsor_tags IS NULL, NULL, 1) AS sponsored",
    ),
    "instagram": (
        "instagram__media",
        "id AS post, language, media_product_type AS product, media_type AS medium, "
        "NULL AS sponsored",
    ),
    "tiktok": ("tiktok__videos", "id AS post, language, NULL AS sponsored"),
    "youtube": (
        "youtube__videos",
        "id AS post, language, toInt8(has_paid_product_placement) AS sponsored",
    ),
}
ACCOUNT_INSIGHTS = {
    "facebook": {
        "reach": ["facebook__page_insights", "page_total_media_view_unique"],
        "views": ["facebook__page_insights", "page_media_view"],
        "profile_views": ["facebook__page_insights", "page_views_total"],
        "gained": ["facebook__page_insights", "page_daily_follows_unique"],
        "lost": ["facebook__page_insights", "page_daily_unfollows_unique"],
        "engagements": ["facebook__page_insights", "page_post_engagements"],
    },
    "instagram": {
        "reach": ["instagram__account_insights", "reach"],
        "views": ["instagram__account_insights", "views"],
        "profile_views": ["instagram__account_insights", "profile_views"],
        "gained": ["instagram__follower_changes", "follows_and_unfollows/FOLLOWER"],
        "lost": ["instagram__follower_changes", "follows_and_unfollows/NON_FOLLOWER"],
        "engagements": ["instagram__account_insights", "total_interactions"],
        "engaged": ["instagram__account_insights", "accounts_engaged"],
    },
    "tiktok": {
        "reach": ["tiktok__account_insights", "unique_video_views"],
        "views": ["tiktok__account_insights", "video_views"],
        "profile_views": ["tiktok__account_insights", "profile_views"],
        "gained": ["tiktok__account_insights", "daily_new_followers"],
        "lost": ["tiktok__account_insights", "daily_lost_followers"],
        "engagements": ["tiktok__account_insights", "likes", "comments", "shares"],
        "engaged": ["tiktok__account_insights", "engaged_audience"],
    },
    "youtube": {
        "views": ["youtube__channel_insights", "views"],
        "gained": ["youtube__channel_insights", "subscribersGained"],
        "lost": ["youtube__channel_insights", "subscribersLost"],
        "engagements": ["youtube__channel_insights", "likes", "comments", "shares"],
    },
}
COMMENTS = {
    "facebook": [
        (
            "facebook__comments",
            "page_id AS account, post_id AS post, id AS comment, message AS text, language, "
            "from_id AS author, toInt8(from_id = page_id) AS is_own, created_time AS published",
        )
    ],
    "instagram": [
        (
            "instagram__comments",
            "account_id AS account, media_id AS post, id AS comment, text, language, "
            "coalesce(from_id, user_id) AS author, toInt8(author = account_id) AS is_own, "
            "timestamp AS published",
        )
    ],
    "tiktok": [
        (
            "tiktok__comments",
            "open_id AS account, video_id AS post, comment_id AS comment, text, language, "
            "coalesce(user_id, unique_identifier) AS author, toInt8(owner) AS is_own, "
            "create_time AS published",
        )
    ],
    "youtube": [
        (
            f"youtube__{table}",
            "channel_id AS account, video_id AS post, id AS comment, text_original AS text, "
            "language, author_channel_id AS author, toInt8(author_channel_id = channel_id) "
            "AS is_own, published_at AS published",
        )
        for table in ("comment_threads", "comments")
    ],
}


@dataclass
class Raw:
    """The raw tables of an environment, each frame read when it is first asked for."""

    client: Client
    database: str

    def read(self, table: str, columns: str, where: str = "1") -> pd.DataFrame:
        """Columns of a raw table with the day and the moment of reading; none of an absent one."""
        if not self.client.command(f"EXISTS {self.database}.{table}"):
            return pd.DataFrame()
        sql = (
            f"SELECT {columns}, toInt32(snapshot_date) AS day, "
            f"toUnixTimestamp64Micro(fetched_at) AS fetched FROM {self.database}.{table} "
            f"WHERE {where}"
        )
        frame = self.client.query_arrow(sql, use_strings=True).to_pandas()
        narrow = frame.select_dtypes(["int32", "uint8", "int8", "uint16"]).columns
        frame = frame.astype(dict.fromkeys(narrow, "int64"))
        if "published" in frame:
            moments = pd.to_datetime(frame.published, utc=True)
            micros = moments.astype("datetime64[us, UTC]").astype("int64").astype(float)
            frame["published"] = micros.where(moments.notna())
        return frame

    @cached_property
    def account_reads(self) -> pd.DataFrame:
        """One row per account and day on which it was read."""
        found = []
        for platform, (table, columns) in ACCOUNTS.items():
            found.append(self.read(table, columns).assign(platform=platform))
        frame = pd.concat([part for part in found if len(part)])
        frame["account"] = frame.platform + ":" + frame.account
        frame = frame.sort_values(["fetched", "followers"]).drop_duplicates(
            ["account", "day"], keep="last"
        )
        for column in ("following", "lifetime_posts", "verified", "opened", "followers"):
            known = frame.get(column, np.nan)
            frame[column] = pd.Series(known, index=frame.index).astype(float)
        return frame.reset_index(drop=True)

    @cached_property
    def insights(self) -> pd.DataFrame:
        """One row per account and day that the platform's insights speak of, latest reading."""
        found = []
        for platform, figures in ACCOUNT_INSIGHTS.items():
            tables = sorted({source[0] for source in figures.values()})
            rows = pd.concat(
                [
                    self.read(
                        table,
                        "account_id AS account, metric, segment, toInt32(date) AS date, value",
                        "period = 'day' AND breakdown IN ('', 'follow_type')",
                    )
                    for table in tables
                ]
            )
            if not len(rows):
                continue
            rows["metric"] = np.where(
                rows.segment == "", rows.metric, rows.metric + "/" + rows.segment
            )
            rows = rows.sort_values("fetched")
            rows = rows.drop_duplicates(["account", "day", "date", "metric"], keep="last")
            used = {name for source in figures.values() for name in source[1:]}
            rows = rows[rows.metric.isin(used)]
            wide = rows.pivot(index=["account", "date", "day"], columns="metric", values="value")
            told = pd.DataFrame(index=wide.index)
            for name in INSIGHTS:
                parts = figures.get(name, [""])[1:]
                told[name] = wide[parts].sum(axis=1, skipna=False) if parts else np.nan
            told = (
                told.reset_index()
                .sort_values("day")
                .drop_duplicates(["account", "date"], keep="last")
            )
            told["account"] = platform + ":" + told.account
            found.append(told.drop(columns="day").rename(columns={"date": "day"}))
        if not found:
            return pd.DataFrame(columns=["account", "day", *INSIGHTS])
        return pd.concat(found, ignore_index=True)

    @cached_property
    def account_days(self) -> pd.DataFrame:
        """One row per account and day that was read or that insights speak of."""
        reads = self.account_reads.drop(columns=["fetched"]).assign(is_read=True)
        days = reads.merge(self.insights, on=["account", "day"], how="outer")
        days["is_read"] = days.is_read.eq(True)
        days["platform"] = days.account.str.split(":").str[0]
        return days.sort_values(["account", "day"]).reset_index(drop=True)

    @cached_property
    def posts(self) -> pd.DataFrame:
        """One row per post and day on which it was read: lifetime counters, interactions, reach.

        Beside reach stand the interactions of its own moment, where both are told.
        """
        found = []
        for platform, (table, columns) in POSTS.items():
            rows = self.read(table, columns)
            if not len(rows):
                continue
            for name in COUNTERS:
                rows[name] = rows[name].astype(float) if name in rows else np.nan
            # a doubled TikTok id has no time of its own: the higher counters are the later reading
            order = ["views", "likes", "comments", "shares"]
            order = [*order, "fetched"] if platform == "tiktok" else ["fetched", *order]
            rows = rows.sort_values(order, na_position="first")
            rows = rows.drop_duplicates(["account", "post", "day"], keep="last")
            if platform == "facebook":
                rows = rows.drop(columns="views").merge(
                    self._page_video_views(), on=["account", "post", "day"], how="left"
                )
            if platform in POST_REACH:
                rows = rows.drop(columns="reach").merge(
                    self._post_reach(platform), on=["account", "post", "day"], how="left"
                )
            parts = INTERACTIONS[platform]
            rows["interactions"] = rows[parts].sum(axis=1, skipna=False)
            if "reached_interactions" not in rows:
                rows["reached_interactions"] = rows.interactions.where(rows.reach.notna())
            rows["platform"] = platform
            rows["account"] = platform + ":" + rows.account
            rows["post"] = platform + ":" + rows.post
            found.append(rows)
        posts = pd.concat(found, ignore_index=True)
        posts["published_day"] = np.floor(posts.published / MICROSECONDS_A_DAY)
        return posts.sort_values(["account", "post", "day"]).reset_index(drop=True)

    def _page_video_views(self) -> pd.DataFrame:
        """Views of a page's posts, which stand with their videos; unknown if one of them is."""
        rows = self.read(
            "facebook__videos", "page_id AS account, id, post_id AS post, views", "notEmpty(post)"
        )
        rows["views"] = rows.views.astype(float)
        rows = rows.sort_values("fetched").drop_duplicates(["account", "id", "day"], keep="last")
        views = rows.groupby(["account", "post", "day"]).views
        return views.agg(lambda known: known.sum(skipna=False)).reset_index()

    def _post_reach(self, platform: str) -> pd.DataFrame:
        """Reach as the latest answer of the day told it, which on TikTok lags behind the listing.

        There the same answer tells the likes, comments and shares of that moment.
        """
        table, metric = POST_REACH[platform]
        lags = platform == "tiktok"
        names = [metric, *(INTERACTIONS[platform] if lags else [])]
        key = ["account", "post", "day"]
        quoted = ", ".join(f"'{name}'" for name in names)
        rows = self.read(
            table,
            "account_id AS account, object_id AS post, metric, value",
            f"metric IN ({quoted}) AND period = 'lifetime' AND breakdown = ''",
        )
        columns = {"account": str, "post": str, "day": int, "reach": float}
        if lags:
            columns["reached_interactions"] = float
        if not len(rows):
            return pd.DataFrame({name: [] for name in columns}).astype(columns)
        rows = rows.sort_values(["fetched", "value"], na_position="first")
        rows = rows.drop_duplicates([*key, "metric"], keep="last")
        found = rows[rows.metric == metric].rename(columns={"value": "reach"})
        if lags:
            parts = rows.pivot(index=[*key, "fetched"], columns="metric", values="value")
            parts = parts.reindex(columns=names).astype(float)
            parts["reached_interactions"] = parts[names[1:]].sum(axis=1, skipna=False)
            parts["reached_interactions"] = parts.reached_interactions.where(parts[metric].notna())
            found = found.merge(
                parts.reached_interactions.reset_index(), on=[*key, "fetched"], how="left"
            )
        return found[list(columns)]

    @cached_property
    def details(self) -> pd.DataFrame:
        """One row per post: its format, language and sponsorship by the latest reading."""
        found = []
        for platform, (table, columns) in DETAILS.items():
            rows = self.read(table, columns)
            if not len(rows):
                continue
            rows = rows.sort_values(["day", "fetched"]).drop_duplicates("post", keep="last")
            rows["format"] = FORMATS[platform](rows)
            rows["post"] = platform + ":" + rows.post
            rows["sponsored"] = rows.sponsored.astype(float)
            found.append(rows[["post", "format", "language", "sponsored"]])
        return pd.concat(found, ignore_index=True)

    @cached_property
    def comments(self) -> pd.DataFrame:
        """One row per comment by its latest reading, with the day of its first (``known``)."""
        found = []
        for platform, tables in COMMENTS.items():
            for table, columns in tables:
                rows = self.read(table, columns, "notEmpty(post)")
                if not len(rows):
                    continue
                first = rows.groupby("comment").day.min()
                rows = rows.sort_values(["day", "fetched"]).drop_duplicates("comment", keep="last")
                rows["known"] = rows.comment.map(first)
                for name in ("account", "post", "comment", "author"):
                    rows[name] = platform + ":" + rows[name]
                found.append(rows)
        if not found:
            columns = ["account", "post", "comment", "author", "text", "language", "is_own"]
            none = pd.DataFrame(columns=[*columns, "published", "published_day", "known"])
            return none.astype({"is_own": bool, "published_day": float, "known": float})
        comments = pd.concat(found, ignore_index=True)
        comments["published_day"] = np.floor(comments.published / MICROSECONDS_A_DAY)
        comments["is_own"] = comments.is_own.astype(float).eq(1)
        return comments

    @cached_property
    def owners(self) -> pd.DataFrame:
        """One row per account that is or was connected, by its latest connection."""
        rows = self.client.query_arrow(
            "SELECT concat(platform, ':', account_id) AS account, creator_id, status, "
            f"toUnixTimestamp64Micro(connected_at) AS connected FROM {self.database}."
            "app__connections ORDER BY snapshot_date, fetched_at, connected, connection_id",
            use_strings=True,
        ).to_pandas()
        return rows.drop_duplicates("account", keep="last")


def _of_pages(rows: pd.DataFrame) -> pd.Series:
    kinds = {"photo": "image", "album": "carousel", "video": "video", "link": "link"}

    def kind(link: object, attachments: object) -> str:
        if "/reel/" in str(link):
            return "reel"
        if not isinstance(attachments, str):
            return "text"
        return kinds.get(json.loads(attachments)[0]["media_type"], "other")

    pairs = zip(rows.link, rows.attachments, strict=True)
    return pd.Series([kind(*pair) for pair in pairs], index=rows.index)


def _of_instagram(rows: pd.DataFrame) -> pd.Series:
    kinds = {"IMAGE": "image", "CAROUSEL_ALBUM": "carousel", "VIDEO": "video"}
    return rows.medium.map(kinds).where(rows["product"] != "REELS", "reel")


def _video(rows: pd.DataFrame) -> pd.Series:
    return pd.Series("video", index=rows.index)


FORMATS = {
    "facebook": _of_pages,
    "instagram": _of_instagram,
    "tiktok": _video,
    "youtube": _video,
}


def of_others(raw: Raw) -> pd.DataFrame:
    """Comments by others, each with the day from which on it was known."""
    said = raw.comments
    said = said[~said.is_own & said.published_day.notna()].copy()
    said["known"] = np.maximum(said.known.astype(float), said.published_day)
    return said
