{#- A row looks back on 90 days of readings and insights and on 365 of posts. -#}
{%- set reach = 90 %}
{#- So long a reading stands for the days after it. -#}
{%- set longest_silence = 28 %}
{%- set figures = [
    'account_key', 'snapshot_date', 'days_since_reading', 'days_observed_90d', 'is_verified', 'follower_count',
    'mean_reach_28d', 'mean_view_28d', 'reach_volatility_90d', 'view_volatility_90d', 'follower_volatility_90d',
    'sponsored_post_count_90d', 'sponsored_post_count_365d', 'sponsored_share_365d', 'last_published_at',
    'community_guidelines_good_standing', 'copyright_strikes_good_standing', 'content_id_claims_good_standing',
] %}
{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='toYYYYMM(snapshot_date)',
        order_by='(account_key, snapshot_date)',
        pre_hook="{{ drop_unread_months(ref('fct_account_day'), after=90) }}",
    )
}}
with
connections as (
    select
        platform,
        account_id,
        connection_status
    from {{ ref('stg_app__connections') }}
    order by platform, account_id, connected_at desc, connection_id desc
    limit 1 by platform, account_id
),

accounts as (
    select
        accounts.platform as platform,
        accounts.account_key as account_key,
        accounts.account_id as account_id,
        accounts.creator_id as creator_id,
        accounts.handle as handle,
        accounts.display_name as display_name,
        accounts.first_snapshot_date as first_snapshot_date,
        connections.connection_status as connection_status,
        rate_cards.version as rate_card_version,
        rate_cards.currency as currency,
        rate_cards.rate_per_thousand_amount as rate_per_thousand_amount
    from {{ ref('dim_account') }} as accounts
    left join connections
        on accounts.platform = connections.platform and accounts.account_id = connections.account_id
    left join {{ ref('rate_card') }} as rate_cards on accounts.platform = rate_cards.platform
),

{% if is_incremental() -%}
relabelled as (
    {{ relabelled_accounts({
        'creator_id': 'accounts.creator_id',
        'handle': 'accounts.handle',
        'display_name': 'accounts.display_name',
        'connection_status': 'accounts.connection_status',
        'rate_card_version': 'accounts.rate_card_version',
    }, accounts='accounts') }}
),
{%- endif %}

account_days as (
    select
        account_key,
        snapshot_date,
        fetched_at is not null as is_read,
        is_verified,
        follower_count,
        reach_count,
        view_count,
        community_guidelines_good_standing,
        copyright_strikes_good_standing,
        content_id_claims_good_standing
    from {{ ref('fct_account_day') }}
    where {{ restated_window('snapshot_date', before=reach + longest_silence, after=reach) }}
),

readings as (
    select
        account_key,
        snapshot_date as read_date,
        is_verified,
        follower_count,
        leadInFrame(toNullable(snapshot_date)) over (
            partition by account_key order by snapshot_date rows between current row and unbounded following
        ) as next_date,
        coalesce(next_date - read_date, {{ longest_silence }} + 1) as day_count
    from account_days
    where is_read
),

-- A day has a row of an account that was read of late, if any account was read on it: what was known
-- then, with nothing of what came after.
known_days as (
    select
        account_key,
        toDate(read_date + silence) as snapshot_date,
        silence as days_since_reading,
        is_verified,
        follower_count
    from readings
    array join range(toUInt32(least(day_count, {{ longest_silence }} + 1))) as silence
    where
        toDate(read_date + silence) in (select read_on_day.read_date from readings as read_on_day)
        and {{ restated_window('toDate(read_date + silence)', after=reach) }}
),

posts as (
    select
        account_key,
        toDate(published_at) as published_date,
        countIf(is_sponsored) as sponsored_n,
        count(is_sponsored) as known_n,
        count() as published_n,
        max(published_at) as last_published_at
    from {{ ref('dim_post') }}
    where published_at is not null and {{ restated_window('toDate(published_at)', before=365, after=reach) }}
    group by account_key, published_date
),

-- A post enters a sum on its day and leaves it when its days are over, so that a sum over 365 days
-- costs no more than one over a day.
post_events as (
    select
        account_key,
        published_date as day,
        toInt64(sponsored_n) as sponsored_90d,
        toInt64(sponsored_n) as sponsored_365d,
        toInt64(known_n) as known_90d,
        toInt64(known_n) as known_365d,
        toInt64(published_n) as published_365d,
        last_published_at
    from posts
    union all
    select
        account_key,
        published_date + 90 as day,
        -toInt64(sponsored_n) as sponsored_90d,
        0 as sponsored_365d,
        -toInt64(known_n) as known_90d,
        0 as known_365d,
        0 as published_365d,
        null as last_published_at
    from posts
    union all
    select
        account_key,
        published_date + 365 as day,
        0 as sponsored_90d,
        -toInt64(sponsored_n) as sponsored_365d,
        0 as known_90d,
        -toInt64(known_n) as known_365d,
        -toInt64(published_n) as published_365d,
        null as last_published_at
    from posts
),

events as (
    select
        account_key,
        day,
        sum(sponsored_90d) as sponsored_90d,
        sum(sponsored_365d) as sponsored_365d,
        sum(known_90d) as known_90d,
        sum(known_365d) as known_365d,
        sum(published_365d) as published_365d,
        max(last_published_at) as last_published_at
    from (
        select * from post_events
        union all
        select
            account_key,
            snapshot_date as day,
            0 as sponsored_90d,
            0 as sponsored_365d,
            0 as known_90d,
            0 as known_365d,
            0 as published_365d,
            null as last_published_at
        from known_days
    ) as posted_and_asked
    group by account_key, day
),

posts_up_to_day as (
    select
        account_key,
        day as snapshot_date,
        sum(sponsored_90d) over up_to_day as sponsored_90d,
        sum(sponsored_365d) over up_to_day as sponsored_365d,
        sum(known_90d) over up_to_day as known_90d,
        sum(known_365d) over up_to_day as known_365d,
        sum(published_365d) over up_to_day as published_365d,
        max(last_published_at) over up_to_day as last_published_at
    from events
    window up_to_day as (partition by account_key order by day rows between unbounded preceding and current row)
),

changes as (
    select
        *,
        {{ log_change('reach_count', value_days_ago('reach_count', 1)) }} as reach_log_change,
        {{ log_change('view_count', value_days_ago('view_count', 1)) }} as view_log_change,
        {{ log_change('follower_count', value_days_ago('follower_count', 1)) }} as follower_log_change
    from (
        select * from account_days
        union all
        -- the days on which nothing was read, which look back all the same
        select
            account_key,
            snapshot_date,
            false as is_read,
            null as is_verified,
            null as follower_count,
            null as reach_count,
            null as view_count,
            null as community_guidelines_good_standing,
            null as copyright_strikes_good_standing,
            null as content_id_claims_good_standing
        from known_days
        where (account_key, snapshot_date) not in (select account_key, snapshot_date from account_days) -- noqa: LT09
    ) as read_and_asked
),

looked_back as (
    select
        account_key,
        snapshot_date,
        countIf(is_read) over {{ trailing_days(90) }} as days_observed_90d,
        {{ trailing_mean('reach_count', 28, 20) }} as mean_reach_28d,
        {{ trailing_mean('view_count', 28, 20) }} as mean_view_28d,
        {{ trailing_volatility('reach_log_change', 90, 30) }} as reach_volatility_90d,
        {{ trailing_volatility('view_log_change', 90, 30) }} as view_volatility_90d,
        {{ trailing_volatility('follower_log_change', 90, 30) }} as follower_volatility_90d,
        -- Standing is read about once a week: the last that is known.
        last_value(community_guidelines_good_standing) over {{ trailing_days(28) }}
            as community_guidelines_good_standing,
        last_value(copyright_strikes_good_standing) over {{ trailing_days(28) }}
            as copyright_strikes_good_standing,
        last_value(content_id_claims_good_standing) over {{ trailing_days(28) }}
            as content_id_claims_good_standing
    from changes
),

account_figures as (
    select
        known_days.account_key as account_key,
        known_days.snapshot_date as snapshot_date,
        known_days.days_since_reading as days_since_reading,
        looked_back.days_observed_90d as days_observed_90d,
        known_days.is_verified as is_verified,
        known_days.follower_count as follower_count,
        looked_back.mean_reach_28d as mean_reach_28d,
        looked_back.mean_view_28d as mean_view_28d,
        looked_back.reach_volatility_90d as reach_volatility_90d,
        looked_back.view_volatility_90d as view_volatility_90d,
        looked_back.follower_volatility_90d as follower_volatility_90d,
        if(posts_up_to_day.known_90d > 0, posts_up_to_day.sponsored_90d, null) as sponsored_post_count_90d,
        if(posts_up_to_day.known_365d > 0, posts_up_to_day.sponsored_365d, null) as sponsored_post_count_365d,
        if(
            posts_up_to_day.known_365d > 0,
            {{ rate('posts_up_to_day.sponsored_365d', 'posts_up_to_day.published_365d') }},
            null
        ) as sponsored_share_365d,
        if(
            toDate(posts_up_to_day.last_published_at) > known_days.snapshot_date - 365,
            posts_up_to_day.last_published_at,
            null
        ) as last_published_at,
        looked_back.community_guidelines_good_standing as community_guidelines_good_standing,
        looked_back.copyright_strikes_good_standing as copyright_strikes_good_standing,
        looked_back.content_id_claims_good_standing as content_id_claims_good_standing
    from known_days
    left join looked_back
        on known_days.account_key = looked_back.account_key and known_days.snapshot_date = looked_back.snapshot_date
    left join posts_up_to_day
        on
            known_days.account_key = posts_up_to_day.account_key
            and known_days.snapshot_date = posts_up_to_day.snapshot_date
),

current_and_carried as (
    select {{ figures | join(', ') }} from account_figures
    {% if is_incremental() -%}
    union all
    {{ carried_months(figures, after=reach) }}
    {%- endif %}
)

select
    cast(accounts.platform as LowCardinality(String)) as platform,
    cast(days.account_key as String) as account_key,
    cast(accounts.account_id as String) as account_id,
    cast(accounts.creator_id as Nullable(String)) as creator_id,
    cast(accounts.handle as Nullable(String)) as handle,
    cast(accounts.display_name as Nullable(String)) as display_name,
    cast(days.snapshot_date as Date) as snapshot_date,
    cast(accounts.connection_status as LowCardinality(Nullable(String))) as connection_status,
    cast(days.days_since_reading as UInt8) as days_since_reading,
    cast(days.days_since_reading >= 2 as Bool) as is_stale,
    cast(dateDiff('day', accounts.first_snapshot_date, days.snapshot_date) + 1 as Int64) as days_of_history,
    cast(days.days_observed_90d as UInt8) as days_observed_90d,
    cast(days.is_verified as Nullable(Bool)) as is_verified,
    cast(days.follower_count as Nullable(Int64)) as follower_count,
    cast({{ follower_tier('days.follower_count') }} as Nullable(String)) as follower_tier,
    cast(days.mean_reach_28d as Nullable(Float64)) as mean_reach_28d,
    cast(days.mean_view_28d as Nullable(Float64)) as mean_view_28d,
    cast(days.reach_volatility_90d as Nullable(Float64)) as reach_volatility_90d,
    cast(days.view_volatility_90d as Nullable(Float64)) as view_volatility_90d,
    cast(days.follower_volatility_90d as Nullable(Float64)) as follower_volatility_90d,
    cast(days.last_published_at as Nullable(DateTime64(6, 'UTC'))) as last_published_at,
    cast(days.sponsored_post_count_90d as Nullable(Int64)) as sponsored_post_count_90d,
    cast(days.sponsored_post_count_365d as Nullable(Int64)) as sponsored_post_count_365d,
    cast(days.sponsored_share_365d as Nullable(Float64)) as sponsored_share_365d,
    -- No source of proven income is connected yet.
    cast(null as Nullable(Decimal(18, 2))) as documented_income_amount,
    cast(
        {{ modelled_income_amount(
            'days.sponsored_post_count_365d', 'days.follower_count', 'accounts.rate_per_thousand_amount'
        ) }}
        as Nullable(Decimal(18, 2))
    ) as modelled_income_amount,
    cast(accounts.currency as LowCardinality(Nullable(String))) as currency,
    cast(accounts.rate_card_version as LowCardinality(Nullable(String))) as rate_card_version,
    cast(days.community_guidelines_good_standing as Nullable(Bool)) as community_guidelines_good_standing,
    cast(days.copyright_strikes_good_standing as Nullable(Bool)) as copyright_strikes_good_standing,
    cast(days.content_id_claims_good_standing as Nullable(Bool)) as content_id_claims_good_standing
from current_and_carried as days
inner join accounts on days.account_key = accounts.account_key
