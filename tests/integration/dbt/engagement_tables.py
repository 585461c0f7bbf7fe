"""The tables that the tests of small worlds compare: engagement, and what it is built from."""

TABLES = {
    "core": {
        "dim_account": "account_key",
        "dim_post": "post_key",
        "fct_account_day": "account_key, snapshot_date",
        "fct_account_post_day": "account_key, snapshot_date",
        "fct_post_day": "post_key, snapshot_date",
        "fct_post_milestone": "post_key, age_days",
    },
    "marts": {
        "mart_engagement__account": "account_key",
        "mart_engagement__account_day": "account_key, snapshot_date",
        "mart_engagement__benchmark": "platform, follower_tier, post_format",
        "mart_engagement__post": "post_key",
    },
}
"""Tables of core and marts with the columns that order their rows."""
