"""What tables of ``raw`` hold of a :class:`~benchmarks.post_days.world.World`, as SQL.

A stream is a SELECT over the world's account-days or post-days. An account's insights are read on
the three days after the day that they speak of (YouTube: the fourth and fifth day) and grow from
90 % to all of the value. Columns that no model reads, and streams that core does not read, are left
out; what a platform sends as a long text is of about its length.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.post_days.world import POST_IDS, World

STAMP = {
    "snapshot_date": "day",
    "fetched_at": "toDateTime64(day + 1, 6, 'UTC') - toIntervalSecond(1)",
}
TOPIC = "['street food','film cameras','trail running','thrift fashion'][1 + seed % 4]"
LANGUAGE = "['en','en','es','pt','de'][1 + page_seed % 5]"
CAPTION = f"concat('What nobody tells you about ', {TOPIC}, ', part ', toString(post), ' #fyp')"
HANDLE = "concat('creator.', lower(hex(page_seed % 4294967296)))"
OF_THE_DAY = "(0.7 + (sipHash64(page_seed, day - lag) % 600) / 1000)"
COUNTRIES = "['US','BR','DE','ES','ID','IN','MX','NG','GB','FR']"
AGES = "['13-17','18-24','25-34','35-44','45-54','55-64','65+']"
WEEKLY = "(toRelativeDayNum(day) + account) % 7 = 0"
SECONDS = "15 + seed % 240"
LIKES = "toInt64(views * (0.02 + 0.08 * p4))"
COMMENTS = "toInt64(views * 0.003 * (p1 + p4))"
SHARES = "toInt64(views * 0.004 * p3)"


@dataclass(frozen=True)
class Stream:
    """One raw table of a platform: its columns as expressions over the world's ``grain``.

    ``each`` names arrays over which a row is repeated, ``where`` says which rows there are.
    """

    grain: Literal["account_days", "post_days"]
    columns: Mapping[str, str]
    each: Sequence[str] = ()
    where: str = "true"

    def select(self, platform: str, world: World) -> str:
        """The rows of the world's days."""
        rows = world.account_days if self.grain == "account_days" else world.post_days
        # Names of the columns would be taken for what stands beneath them.
        columns = ",\n    ".join(f"{value} AS `{name}_`" for name, value in self.columns.items())
        arrays = "".join(f"\nARRAY JOIN {array}" for array in self.each)
        statement = f"SELECT\n    {columns}\nFROM {rows(platform)}{arrays}\nWHERE {self.where}"
        for word, meaning in {
            "{post_id}": POST_IDS[platform],
            "{posts}": str(world.account_posts),
            "{platform}": platform,
        }.items():
            statement = statement.replace(word, meaning)
        return statement


def insights(
    metrics: Mapping[str, float], lags: Sequence[int], period: str = "day", definition: str = "NULL"
) -> Stream:
    """An account's daily metrics, each a fraction of its followers; ``lags`` are the days back."""
    return Stream(
        "account_days",
        {
            **STAMP,
            "account_id": "account_id",
            "object_id": "account_id",
            "metric": "metric.1",
            "period": f"'{period}'",
            "breakdown": "''",
            "segment": "''",
            "date": "day - lag",
            "value": f"floor(people * metric.2 * {OF_THE_DAY}"
            f" * least(1, 0.9 + 0.07 * (lag - {lags[0]})))",
            "view_definition": f"if(position(metric.1, 'view') > 0, {definition}, NULL)",
        },
        each=(f"{list(metrics.items())} AS metric", f"{list(lags)} AS lag"),
    )


def audience(metrics: Sequence[str], metric: str, value: str, genders: Sequence[str]) -> Stream:
    """Who an account's audience is, read once a week.

    ``metric`` is an expression over ``audience`` (one of ``metrics``) and ``kind`` (age, gender,
    country), ``value`` one over ``share``.
    """
    kinds = {"age": AGES, "gender": str(list(genders)), "country": COUNTRIES}
    segments = ", ".join(
        f"arrayMap(s -> ('{kind}', s, 1 / length({names})), {names})"
        for kind, names in kinds.items()
    )
    return Stream(
        "account_days",
        {
            **STAMP,
            "account_id": "account_id",
            "object_id": "account_id",
            "metric": metric,
            "period": "'lifetime'",
            "breakdown": "kind",
            "segment": "part.2",
            "date": "day",
            "value": value,
        },
        each=(
            f"{list(metrics)} AS audience",
            f"arrayConcat({segments}) AS part",
            "[part.1] AS kind",
            "[part.3] AS share",
        ),
        where=WEEKLY,
    )


def post_insights(metrics: Mapping[str, float], period: str = "lifetime") -> Stream:
    """Lifetime metrics of an account's three latest posts that are out, as fractions of views."""
    return Stream(
        "post_days",
        {
            **STAMP,
            "account_id": "account_id",
            "object_id": "{post_id}",
            "metric": "metric.1",
            "period": f"'{period}'",
            "breakdown": "''",
            "segment": "''",
            "date": "day",
            "value": "floor(views * metric.2)",
        },
        each=(f"{list(metrics.items())} AS metric",),
        where="rank % 33 = 0",
    )


def comments(account: str, post: str, columns: Mapping[str, str]) -> Stream:
    """Five comments an account and day, each read on two days running."""
    return Stream(
        "account_days",
        {**STAMP, account: "account_id", post: "{post_id}", **columns},
        each=(
            "[0, 1] AS days_old",
            "arrayMap(n -> sipHash64(page_seed, day - days_old, n), range(5)) AS chance",
            "[toUInt64(account * {posts} + 10 + chance % 30)] AS post",
            "[sipHash64('{platform}', toUInt64(post))] AS seed",
        ),
    )


COMMENTED_AT = "toDateTime64(day - days_old, 6, 'UTC') + toIntervalSecond(chance % 80000)"
WORDS = "['love this','❤️','first','so true','how long did it take','nice','where is this','😂😂']"
COMMENT = (
    f"concat({WORDS}[1 + chance % 8], if(chance % 3 = 0, concat(' ', toString(chance % 50)), ''))"
)
COMMENT_ID = "toString(chance)"
AUTHOR = "toString(intDiv(pow(chance % 3000, 2), 3000))"
