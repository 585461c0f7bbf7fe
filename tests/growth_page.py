"""A dashboard's file as a person writes it: what is edited in tests, whatever the real one is like.

Its charts are real ones.
"""

from dataclasses import replace

import yaml

from dashboards.assets import Assets, DashboardAsset, load_assets

TEXT = """\
title: Growth
description: >-
  How followers come and go, how that compares with accounts of the same kind, who moves, and
  what is forecast.
rows:
  # How did it come to that?
  - - {chart: followers-over-time, width: 6, height: 50}
    - {chart: net-growth-by-week, width: 6, height: 50}
  - - {chart: gained-and-lost, width: 6, height: 50}
    - {chart: growth-over-time, width: 6, height: 50}
  # Is that fast or slow
  # for accounts of the kind?
  - - {chart: cohort-growth, width: 6, height: 62}
    - {chart: cohorts, width: 6, height: 62}
  # Who moves?
  - - {chart: top-movers, width: 6, height: 64}
    - {chart: largest-falls, width: 6, height: 64}
  # What does it mean?
  - - width: 12
      height: 64
      text: |
        **How to read this page.** Followers are read once a day (UTC); a gap of 28 days is filled.

        **Growth** over 28 days = followers on the day / followers 28 days before - 1.
filters:
  - {name: Platform, dataset: mart_growth__account_day, column: platform}
  # Cohorts have none.
  - name: Creator
    dataset: mart_growth__account_day
    column: creator_id
    only:
      - followers-over-time
      - net-growth-by-week
      - top-movers
  - {name: Days, kind: time, only: [followers-over-time, growth-over-time]}
colors:
  facebook: "#6C5B9E"
  gained: "#7FB069"
"""
PAGE = DashboardAsset.model_validate(yaml.safe_load(TEXT))


def assets_with_the_page() -> Assets:
    """The real assets, with this page in the place of the dashboard Growth."""
    assets = load_assets()
    return replace(assets, dashboards={**assets.dashboards, "growth": PAGE})
