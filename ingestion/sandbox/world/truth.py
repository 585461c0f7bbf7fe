"""The truth about a world as Arrow tables, one for each table of the ``truth`` database.

What the platforms would never tell: who cheats and how, which events are honest, which incidents
happened and how they were claimed, and the coefficients that made it all. The columns are those of
:data:`SCHEMAS`; days are UTC dates, ends are exclusive, absent is null.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from ingestion.sandbox.world import coefficients
from ingestion.sandbox.world.block import Built
from ingestion.sandbox.world.claims import Claim, claims_of
from ingestion.sandbox.world.coefficients import FRAUD_KINDS
from ingestion.sandbox.world.commenters import Commenters, pod_members
from ingestion.sandbox.world.events import Told, events_of
from ingestion.sandbox.world.identity import digest
from ingestion.sandbox.world.people import Person
from ingestion.sandbox.world.plan import Incident
from ingestion.sandbox.world.span import BURN_IN, Span

_TEXT, _DAY, _YES, _NUMBER, _COUNT = (
    pa.string(),
    pa.date32(),
    pa.bool_(),
    pa.float64(),
    pa.int64(),
)
_ACCOUNT = [("creator_id", _TEXT), ("platform", _TEXT), ("account_id", _TEXT)]

SCHEMAS: dict[str, pa.Schema] = {
    "world": pa.schema(
        [
            ("seed", _COUNT),
            ("creators", _COUNT),
            ("days", _COUNT),
            ("first_day", _DAY),
            ("last_day", _DAY),
            ("stealth", _NUMBER),
            ("held_out_fraud", _TEXT),
        ]
    ),
    "coefficient": pa.schema(
        [("name", _TEXT), ("value", _NUMBER), ("unit", _TEXT), ("meaning", _TEXT)]
    ),
    "creator": pa.schema(
        [
            ("creator_id", _TEXT),
            ("kind", _TEXT),
            ("is_fraud", _YES),
            ("stealth", _NUMBER),
            ("frailty", _NUMBER),
            ("claims_behaviour", _TEXT),
            ("net_growth_daily", _NUMBER),
        ]
    ),
    "account": pa.schema(
        [
            *_ACCOUNT,
            ("is_fraud", _YES),
            *((f"has_{kind}", _YES) for kind in FRAUD_KINDS),
            ("is_held_out", _YES),
            ("bought_follower_count", _COUNT),
            ("bought_follower_share", _NUMBER),
            ("pod_id", _TEXT),
        ]
    ),
    "event": pa.schema(
        [
            *_ACCOUNT,
            ("kind", _TEXT),
            ("start_date", _DAY),
            ("end_date", _DAY),
            ("size", _NUMBER),
            ("unit", _TEXT),
            ("is_fraud", _YES),
            ("is_hard_negative", _YES),
            ("post_id", _TEXT),
        ]
    ),
    "post": pa.schema(
        [
            *_ACCOUNT,
            ("post_id", _TEXT),
            ("is_viral", _YES),
            ("is_giveaway", _YES),
            ("is_alien", _YES),
            ("bought_like_count", _COUNT),
            ("pod_comment_count", _COUNT),
            ("spam_comment_count", _COUNT),
        ]
    ),
    "follower_lot": pa.schema(
        [
            *_ACCOUNT,
            ("start_date", _DAY),
            ("delivery_days", _COUNT),
            ("delivered_count", _COUNT),
            ("is_round", _YES),
            ("daily_loss_share", _NUMBER),
        ]
    ),
    "pod_member": pa.schema(
        [("pod_id", _TEXT), ("platform", _TEXT), ("member_kind", _TEXT), ("member_id", _TEXT)]
    ),
    "incident": pa.schema(
        [
            ("incident_id", _TEXT),
            *_ACCOUNT,
            ("peril", _TEXT),
            ("start_date", _DAY),
            ("end_date", _DAY),
            ("duration_days", _COUNT),
            ("severity_amount", _NUMBER),
            ("currency", _TEXT),
            ("is_wrongful", _YES),
        ]
    ),
    "claim": pa.schema(
        [
            ("claim_id", _TEXT),
            ("incident_id", _TEXT),
            *_ACCOUNT,
            ("peril", _TEXT),
            ("behaviour", _TEXT),
            ("is_fraud", _YES),
            ("loss_date", _DAY),
            ("claim_date", _DAY),
            ("delay_days", _COUNT),
            ("claimed_days", _COUNT),
            ("claimed_amount", _NUMBER),
            ("true_amount", _NUMBER),
            ("currency", _TEXT),
        ]
    ),
}

Row = tuple[Any, ...]


@dataclass
class Truth:
    """Collects the truth block by block; :meth:`tables` at the end."""

    span: Span
    creators: int
    commenters: Commenters
    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in SCHEMAS})
    incidents: dict[int, list[tuple[str, str, str, Incident]]] = field(default_factory=dict)
    pods: set[tuple[int, str]] = field(default_factory=set)

    def add_people(self, people: list[Person], accounts: dict[int, Row]) -> None:
        """Creators, and the claims of what has been added for them; ``accounts`` by number."""
        for person in people:
            kind = person.kind
            self.rows["creator"].append(
                (
                    person.creator_id,
                    kind,
                    kind != "honest",
                    person.stealth(self.span.stealth),
                    person.frailty,
                    person.claims,
                    person.growth,
                )
            )
            found = self.incidents.pop(person.number, [])
            for claim in claims_of(self.span, person, found):
                self.rows["claim"].append(self._claim(claim, person, accounts[person.number]))

    def add(self, built: Built) -> None:
        """One platform's part of a block."""
        block, plan = built.block, built.plan
        count = sum(person.number < self.creators for person in built.members)
        for account, person in enumerate(built.members[:count]):
            key = (person.creator_id, block.platform, str(block.account_id[account]))
            kinds = person.fraud.get(block.platform, ())
            pods = [c.pod for c in plan.campaigns if c.account == account and c.pod >= 0]
            bought, followers = block.bought[account, -1], block.followers[account, -1]
            self.rows["account"].append(
                (
                    *key,
                    bool(kinds),
                    *(kind in kinds for kind in FRAUD_KINDS),
                    coefficients.HELD_OUT_FRAUD in kinds,
                    int(bought),
                    float(bought / max(followers, 1)),
                    _pod_id(pods[0]) if pods else None,
                )
            )
            for pod in pods:
                self._pod(pod, block.platform, key[2])
            for incident in plan.incidents:
                if incident.creator_number == person.number:
                    self._incident(incident, key)
            self._lots(built, account, key)
            self._posts(built, account, key)
            self.rows["event"].extend(
                self._event(told, key, built) for told in events_of(built, account)
            )

    def tables(self) -> dict[str, pa.Table]:
        """All tables with their schemas, whether or not they have rows."""
        span, last = self.span, self.span.date_of(BURN_IN + self.span.days - 1)
        held_out = coefficients.HELD_OUT_FRAUD
        self.rows["world"] = [
            (span.seed, self.creators, span.days, span.first_day, last, span.stealth, held_out)
        ]
        self.rows["coefficient"] = list(coefficients.rows())
        return {name: _table(name, rows) for name, rows in self.rows.items()}

    def _event(self, told: Told, key: Row, built: Built) -> Row:
        return (
            *key,
            told.kind,
            self.span.date_of(told.start),
            self.span.date_of(told.end),
            float(told.size),
            told.unit,
            told.is_fraud,
            told.is_hard_negative,
            None if told.post < 0 else str(built.block.post_id[told.post]),
        )

    def _lots(self, built: Built, account: int, key: Row) -> None:
        for lot, size in zip(built.plan.lots, built.course.lot_sizes, strict=True):
            if lot.account == account:
                start = self.span.date_of(lot.start)
                self.rows["follower_lot"].append(
                    (*key, start, lot.days, size, lot.is_round, lot.loss)
                )

    def _posts(self, built: Built, account: int, key: Row) -> None:
        draft, added = built.draft, built.inflation
        counts = (added.bought_likes, added.pod_comments, added.spam_comments)
        flags = (draft.viral, draft.giveaway, draft.alien)
        told = np.any(np.stack([*counts, *flags]), axis=0)
        for post in range(*built.block.posts_of(account).indices(told.size)):
            if told[post]:
                self.rows["post"].append(
                    (
                        *key,
                        str(built.block.post_id[post]),
                        *(bool(flag[post]) for flag in flags),
                        *(int(counted[post]) for counted in counts),
                    )
                )

    def _pod(self, pod: int, platform: str, account_id: str) -> None:
        self.rows["pod_member"].append((_pod_id(pod), platform, "account", account_id))
        if (pod, platform) in self.pods:
            return
        self.pods.add((pod, platform))
        for member in pod_members(pod):
            member_id = self.commenters.commenter_id(platform, int(member))
            self.rows["pod_member"].append((_pod_id(pod), platform, "commenter", member_id))

    def _incident(self, incident: Incident, key: Row) -> None:
        creator_id, platform, account_id = key
        incident_id = digest(account_id, incident.peril, self.span.date_of(incident.start))[:16]
        whole = incident.account < 0
        days = None if incident.end is None else incident.end - incident.start
        self.rows["incident"].append(
            (
                incident_id,
                creator_id,
                None if whole else platform,
                None if whole else account_id,
                incident.peril,
                self.span.date_of(incident.start),
                None if incident.end is None else self.span.date_of(incident.end),
                days,
                incident.severity,
                "USD",
                incident.is_wrongful if incident.peril == "suspension" else None,
            )
        )
        known = self.incidents.setdefault(incident.creator_number, [])
        known.append((incident_id, platform, account_id, incident))

    def _claim(self, claim: Claim, person: Person, first: Row) -> Row:
        platform, account_id = claim.where or first
        return (
            digest("claim", account_id, claim.peril, claim.start, claim.behaviour)[:16],
            claim.incident_id,
            person.creator_id,
            platform,
            account_id,
            claim.peril,
            claim.behaviour,
            claim.behaviour != "honest",
            self.span.date_of(claim.start),
            self.span.date_of(claim.start + claim.delay),
            claim.delay,
            claim.days,
            claim.amount,
            claim.true_amount,
            "USD",
        )


def _pod_id(pod: int) -> str:
    return f"pod_{pod:03d}"


def _table(name: str, rows: list[Row]) -> pa.Table:
    columns: Iterator[tuple[Any, ...]] = zip(*rows, strict=True)
    schema = SCHEMAS[name]
    values = list(columns) or [() for _ in schema]
    return pa.table(
        [pa.array(column, member.type) for column, member in zip(values, schema, strict=True)],
        schema=schema,
    )
