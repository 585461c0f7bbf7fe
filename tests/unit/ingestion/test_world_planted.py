"""What is planted in the synthetic world can be seen in its numbers, and the truth tells of it."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from ingestion.sandbox.world import PlatformBlock, World
from ingestion.sandbox.world.audience import FARM_COUNTRIES
from ingestion.sandbox.world.coefficients import FRAUD_KINDS, HELD_OUT_FRAUD
from ingestion.sandbox.world.commenters import BOTS, POD_PEOPLE
from ingestion.sandbox.world.model import ERROR_GAP, ERROR_SUSPENDED
from ingestion.sandbox.world.people import people

DAYS = 120
Truth = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def world() -> World:
    """Crude fraud, which must be plain to see."""
    return World(seed=7, creators=200, days=DAYS, end_date=date(2026, 11, 20), stealth=0)


@pytest.fixture(scope="module")
def truth(world: World) -> Truth:
    return {name: table.to_pandas() for name, table in world.truth().items()}


def located(world: World, row: pd.Series) -> tuple[PlatformBlock, int, int]:
    """The row's block, account and day index of its start."""
    found = world.locate(row.platform, row.account_id)
    assert found is not None
    start = (row.start_date - world.first_day).days if "start_date" in row else 0
    return *found, start


@pytest.mark.parametrize("seed", range(12))
def test_a_tenth_to_a_fifth_of_the_creators_cheat(seed: int) -> None:
    creators = [person for block in range(20) for person in people(seed, block)]
    share = sum(bool(person.fraud) for person in creators) / len(creators)
    assert 0.1 <= share <= 0.2
    assert np.mean([len(p.platforms) for p in creators]) == pytest.approx(1.8, abs=0.25)


def test_every_kind_of_fraud_is_there_and_one_is_held_out(truth: Truth) -> None:
    kinds = set(truth["creator"].kind)
    assert kinds == {"honest", *FRAUD_KINDS}
    assert HELD_OUT_FRAUD in FRAUD_KINDS
    account = truth["account"]
    assert (account.is_held_out == account[f"has_{HELD_OUT_FRAUD}"]).all()
    flags = account[[f"has_{kind}" for kind in FRAUD_KINDS]]
    assert (flags.any(axis=1) == account.is_fraud).all()
    cheats = set(account.creator_id[account.is_fraud])
    assert cheats == set(truth["creator"].creator_id[truth["creator"].is_fraud])


def test_hard_negatives_are_at_least_as_many_as_frauds(truth: Truth) -> None:
    event = truth["event"]
    counted = event[event.is_hard_negative].kind.value_counts()
    assert set(counted.index) == {
        "giveaway", "advertising", "tv_spike", "viral_post", "purge", "api_gap", "rebrand",
    }  # fmt: skip
    assert not (event.is_fraud & event.is_hard_negative).any()
    assert counted.drop(["purge", "api_gap"]).sum() >= event.is_fraud.sum() > 20


def test_bought_followers_show_as_round_gains_and_leave_again(world: World, truth: Truth) -> None:
    lots = truth["follower_lot"]
    crude = lots[(lots.delivered_count > 0) & (lots.start_date >= world.first_day)]
    assert len(crude) >= 10
    assert crude.is_round.all()
    assert (crude.delivery_days <= 3).all()
    gains, left = [], []
    for _, lot in crude.iterrows():
        block, account, start = located(world, lot)
        before = block.gained[account, max(start - 14, 0) : start]
        window = block.gained[account, start : start + lot.delivery_days]
        if before.size >= 7 and window.size == lot.delivery_days:
            gains.append((window.sum() - np.median(before) * window.size) / lot.delivered_count)
        assert window.sum() >= lot.delivered_count * 0.99 or window.size < lot.delivery_days
        alone = (lots.account_id == lot.account_id).sum() == 1
        if alone and start + 23 < DAYS and not truth_of_purge(truth, lot):
            kept = block.bought[account, start + 22] / block.bought[account, start + 2]
            left.append(1 - kept ** (1 / 20))
    assert np.median(gains) == pytest.approx(1, abs=0.25)
    assert left
    assert all(0.005 <= rate <= 0.025 for rate in left)


def truth_of_purge(truth: Truth, lot: pd.Series) -> bool:
    event = truth["event"]
    days = (event.start_date - lot.start_date).map(lambda gap: gap.days)
    mine = (event.account_id == lot.account_id) & (event.kind == "purge")
    return bool((mine & days.between(0, 23)).any())


def test_bought_followers_come_from_elsewhere(world: World, truth: Truth) -> None:
    account = truth["account"]
    bought = account[account.bought_follower_share > 0.1]
    assert len(bought) >= 3
    for _, row in bought.iterrows():
        block, position, _ = located(world, row)
        names, grown, delivered = block.audience["country"]
        assert delivered[position, names.index(block.country[position])] == 0
        farms = np.isin(names, FARM_COUNTRIES) & (np.array(names) != block.country[position])
        shown = block.audience_shares("country", DAYS - 1)[position]
        assert shown[farms].sum() > grown[position, farms].sum() + 0.02
        share = block.bought[position, -1] / block.followers[position, -1]
        assert share == pytest.approx(row.bought_follower_share)


def test_follow_and_unfollow_is_a_sawtooth(world: World, truth: Truth) -> None:
    account = truth["account"]
    churners = account[account.has_follow_unfollow]
    assert len(churners) >= 4
    for _, row in churners.iterrows():
        block, position, _ = located(world, row)
        steps = np.diff(block.following[position])
        assert (steps > 30).sum() >= 5
        assert (steps < -30).sum() >= 2
    others = account[~account.has_follow_unfollow].head(60)
    for _, row in others.iterrows():
        block, position, _ = located(world, row)
        assert np.abs(np.diff(block.following[position])).max() < 30


def test_bought_likes_exceed_what_views_explain(world: World, truth: Truth) -> None:
    ratios = []
    account = truth["account"]
    for _, row in account[account.has_bought_likes].iterrows():
        block, position, _ = located(world, row)
        posts = block.posts_of(position)
        rate = block.post_likes[posts, -1] / np.maximum(block.post_views[posts, -1], 1)
        ids, feed = block.post_id[posts], block.post_format[posts] != "story"
        inflated = np.isin(ids, truth["post"].post_id[truth["post"].bought_like_count > 0])
        if inflated.sum() >= 5 and (feed & ~inflated).sum() >= 5:
            ratios.append(np.median(rate[inflated]) / np.median(rate[feed & ~inflated]))
    assert ratios
    assert np.median(ratios) > 1.5


def test_pods_and_spam_show_in_who_comments(world: World, truth: Truth) -> None:
    account = truth["account"]
    shares: dict[str, list[tuple[float, float]]] = {"pod": [], "spam": [], "none": []}
    for _, row in account.iterrows():
        block, position, _ = located(world, row)
        posts = block.posts_of(position)
        mine = (block.comment_post >= posts.start) & (block.comment_post < posts.stop)
        authors = block.comment_author[mine]
        if authors.size < 60:
            continue
        pod = np.isin(authors, np.array(POD_PEOPLE)).mean()
        bot = np.isin(authors, np.array(BOTS)).mean()
        group = "pod" if row.has_engagement_pod else "spam" if row.has_comment_spam else "none"
        shares[group].append((pod, bot))
    pods, spam, none = (np.median(shares[name], axis=0) for name in ("pod", "spam", "none"))
    assert pods[0] > 0.2 > 0.05 > none[0] > 0
    assert spam[1] > 0.2 > 0.05 > none[1] > 0


def test_pods_serve_creators_of_several_blocks(truth: Truth) -> None:
    members = truth["pod_member"]
    served = members[members.member_kind == "account"]
    people_of = members[members.member_kind == "commenter"].groupby(["pod_id", "platform"]).size()
    assert (people_of == 24).all()
    assert set(served.member_id) <= set(truth["account"].account_id)
    assert (served.groupby("pod_id").member_id.nunique() >= 2).any()


def test_takeovers_post_in_another_tongue_and_cost_followers(world: World, truth: Truth) -> None:
    incident = truth["incident"]
    taken = incident[incident.peril == "account_takeover"]
    assert len(taken) >= 3
    losses = []
    for _, row in taken.iterrows():
        block, account, start = located(world, row)
        posts = block.posts_of(account)
        alien = np.isin(block.post_id[posts], truth["post"].post_id[truth["post"].is_alien])
        assert alien.any()
        assert (block.post_language[posts][alien] != block.language[account]).all()
        assert (block.post_created[posts][alien] >= block.end_of(start - 1)).all()
        if start >= 10 and start + 2 < DAYS and block.lost[account, start - 7 : start].all():
            usual = np.median(block.lost[account, start - 10 : start])
            losses.append(block.lost[account, start : start + 2].mean() / usual)
    assert np.median(losses) > 3


def test_suspensions_and_gaps_are_told_apart(world: World, truth: Truth) -> None:
    incident, event = truth["incident"], truth["event"]
    banned = incident[incident.peril == "suspension"]
    assert len(banned) >= 1
    for _, row in banned.iterrows():
        block, account, start = located(world, row)
        last = DAYS if pd.isna(row.duration_days) else min(start + int(row.duration_days), DAYS)
        assert (block.error_kind[account, start:last] == ERROR_SUSPENDED).all()
        assert not block.available[account, start:last].any()
        assert not block.views[account, start:last].any()
    gaps = event[event.kind == "api_gap"]
    assert set(gaps["size"]) == {1.0, 2.0}
    for _, row in gaps.head(20).iterrows():
        block, account, start = located(world, row)
        assert block.error_kind[account, start] in (ERROR_GAP, ERROR_SUSPENDED)


def test_honest_disturbances_show_too(world: World, truth: Truth) -> None:
    event = truth["event"]
    lifts = []
    for _, row in event[event.kind.isin(["giveaway", "tv_spike"])].iterrows():
        block, account, start = located(world, row)
        if 10 <= start < DAYS - 3 and block.available[account, start : start + 3].all():
            usual = np.median(block.gained[account, start - 10 : start])
            lifts.append(block.gained[account, start : start + 2].mean() / max(usual, 1))
    assert np.median(lifts) > 5
    renamed = event[event.kind == "rebrand"]
    for _, row in renamed.iterrows():
        block, account, start = located(world, row)
        assert block.handle_on(start)[account] == block.handle[account]
        if start:
            assert block.handle_on(start - 1)[account] == block.handle_before[account]
        assert block.handle[account] != block.handle_before[account]
    purges = event[(event.kind == "purge") & (event.start_date >= world.first_day)]
    assert purges.is_hard_negative.mean() > 0.5
    assert purges[purges.is_hard_negative]["size"].sum() > 0


def test_giveaways_draw_comments_that_only_name_friends(world: World, truth: Truth) -> None:
    post = truth["post"]
    shares = []
    for _, row in post[post.is_giveaway].iterrows():
        found = world.locate_post(row.platform, row.post_id)
        assert found is not None
        block, position = found
        texts = block.comment_text[block.comments_of(position)]
        if texts.size >= 8:
            shares.append(np.mean([t.startswith("@") and t.count(" ") == 1 for t in texts]))
    assert shares
    assert np.median(shares) > 0.4


def test_claims_follow_their_creators_habits(truth: Truth) -> None:
    claim, incident = truth["claim"], truth["incident"].set_index("incident_id")
    habits = truth["creator"].set_index("creator_id").claims_behaviour
    staged = claim[claim.behaviour == "staged"]
    assert len(staged)
    assert staged.incident_id.isna().all()
    assert (staged.true_amount == 0).all()
    assert (habits[staged.creator_id] == "staged").all()
    rest = claim[claim.behaviour != "staged"]
    severity = incident.severity_amount[rest.incident_id].to_numpy()
    assert np.allclose(rest.true_amount, severity, atol=0.01)
    ratio = rest.claimed_amount / rest.true_amount
    assert ratio[rest.behaviour == "inflated"].between(1.39, 3.01).all()
    assert ratio[rest.behaviour == "honest"].between(0.6, 1.5).all()
    assert (claim.claim_date >= claim.loss_date).all()
    assert (claim.is_fraud == (claim.behaviour != "honest")).all()


def test_stealth_spreads_deliveries_and_avoids_round_numbers(truth: Truth) -> None:
    hidden = World(seed=7, creators=80, days=DAYS, end_date=date(2026, 11, 20), stealth=1)
    lots = hidden.truth()["follower_lot"].to_pandas()
    crude = truth["follower_lot"]
    assert not lots.is_round.any()
    assert lots.delivery_days.median() > crude.delivery_days.median() + 3
    assert lots.daily_loss_share.median() < crude.daily_loss_share.median()


def test_a_clear_world_has_the_same_frauds_without_gaps_and_noise(
    world: World, truth: Truth
) -> None:
    clear = World(world.seed, world.creator_count, DAYS, world.last_day, stealth=0, clear=True)
    told = {name: table.to_pandas() for name, table in clear.truth().items()}
    assert truth["creator"].is_fraud.equals(told["creator"].is_fraud)
    planted = ["kind", "account_id", "start_date"]
    frauds = [found["event"].query("is_fraud")[planted] for found in (truth, told)]
    assert frauds[0].reset_index(drop=True).equals(frauds[1].reset_index(drop=True))
    assert (truth["event"].kind == "api_gap").any()
    assert not (told["event"].kind == "api_gap").any()
    assert all((b.error_kind != ERROR_GAP).all() for b in clear.blocks("youtube"))
    # what posts draw still differs from day to day
    assert roughness(clear) < 0.85 * roughness(world)


def roughness(world: World) -> float:
    """Median change (log) of gained followers in a week, so that the season drops out."""
    changes = []
    for block in world.blocks("instagram"):
        gained = np.log(block.gained[(block.gained > 50).all(axis=1)])
        changes.append(np.abs(gained[:, 7:] - gained[:, :-7]).ravel())
    return float(np.median(np.concatenate(changes)))
