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
        'days_of_history': '1',
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
        content_id_claims_good_standing,
        leadInFrame(toNullable(snapshot_date)) over (
            partition by account_key, fetched_at is not null order by snapshot_date
            rows between current row and unbounded following
        ) as next_date
    from {{ ref('fct_account_day') }}
    where {{ restated_window('snapshot_date', before=reach + longest_silence, after=reach) }}
),

-- A reading stands for the days after it too, an insight for its own day alone.
told as (
    select
        account_key,
        toDate(snapshot_date + silence) as day,
        is_read as is_known,
        is_read and silence = 0 as is_read_on_day,
        if(is_read, silence, null) as days_since_reading,
        if(is_read, is_verified, null) as known_is_verified,
        if(is_read, follower_count, null) as known_follower_count,
        if(silence = 0, follower_count, null) as read_count,
        if(silence = 0, reach_count, null) as day_reach_count,
        if(silence = 0, view_count, null) as day_view_count,
        if(silence = 0, community_guidelines_good_standing, null) as guidelines,
        if(silence = 0, copyright_strikes_good_standing, null) as strikes,
        if(silence = 0, content_id_claims_good_standing, null) as claims
    from account_days
    array join range(toUInt32(
        if(is_read, least(coalesce(next_date - snapshot_date, {{ longest_silence + 1 }}), {{ longest_silence + 1 }}), 1)
    )) as silence
),

-- A post enters a sum on its day and leaves it when its days are over, so that a sum over 365 days
-- costs no more than one over a day.
posts as (
    select
        account_key,
        toDate(published_at) + age as day,
        if(age = 365, 0, if(age = 0, 1, -1)) as in_90d,
        if(age = 90, 0, if(age = 0, 1, -1)) as in_365d,
        countIf(is_sponsored) as sponsored_n,
        count(is_sponsored) as known_n,
        count() as published_n,
        maxIf(published_at, age = 0) as post_published_at
    from {{ ref('dim_post') }}
    array join [0, 90, 365] as age
    where published_at is not null and {{ restated_window('toDate(published_at)', before=365, after=reach) }}
    group by account_key, day, age
),

days as (
    select
        account_key,
        day as snapshot_date,
        max(is_known) as is_known,
        max(is_read_on_day) as is_read_on_day,
        max(days_since_reading) as days_since_reading,
        max(known_is_verified) as is_verified,
        max(known_follower_count) as follower_count,
        max(read_count) as read_count,
        max(day_reach_count) as reach_count,
        max(day_view_count) as view_count,
        max(guidelines) as guidelines,
        max(strikes) as strikes,
        max(claims) as claims,
        sum(sponsored_90d) as sponsored_change_90d,
        sum(sponsored_365d) as sponsored_change_365d,
        sum(known_90d) as known_change_90d,
        sum(known_365d) as known_change_365d,
        sum(published_365d) as published_change_365d,
        max(post_published_at) as post_published_at
    from (
        select
            *,
            0 as sponsored_90d,
            0 as sponsored_365d,
            0 as known_90d,
            0 as known_365d,
            0 as published_365d,
            null as post_published_at
        from told
        union all
        select
            account_key,
            day,
            false as is_known,
            false as is_read_on_day,
            null as days_since_reading,
            null as known_is_verified,
            null as known_follower_count,
            null as read_count,
            null as day_reach_count,
            null as day_view_count,
            null as guidelines,
            null as strikes,
            null as claims,
            toInt64(sponsored_n) * in_90d as sponsored_90d,
            toInt64(sponsored_n) * in_365d as sponsored_365d,
            toInt64(known_n) * in_90d as known_90d,
            toInt64(known_n) * in_365d as known_365d,
            toInt64(published_n) * in_365d as published_365d,
            post_published_at
        from posts
    ) as told_and_posted
    group by account_key, day
),

changes as (
    select
        *,
        {{ log_change('reach_count', value_days_ago('reach_count', 1)) }} as reach_log_change,
        {{ log_change('view_count', value_days_ago('view_count', 1)) }} as view_log_change,
        {{ log_change('read_count', value_days_ago('read_count', 1)) }} as follower_log_change
    from days
),

looked_back as (
    select
        account_key,
        snapshot_date,
        is_known,
        days_since_reading,
        is_verified,
        follower_count,
        countIf(is_read_on_day) over {{ trailing_days(90) }} as days_observed_90d,
        {{ trailing_mean('reach_count', 28, 20) }} as mean_reach_28d,
        {{ trailing_mean('view_count', 28, 20) }} as mean_view_28d,
        {{ trailing_volatility('reach_log_change', 90, 30) }} as reach_volatility_90d,
        {{ trailing_volatility('view_log_change', 90, 30) }} as view_volatility_90d,
        {{ trailing_volatility('follower_log_change', 90, 30) }} as follower_volatility_90d,
        sum(sponsored_change_90d) over up_to_day as sponsored_90d,
        sum(sponsored_change_365d) over up_to_day as sponsored_365d,
        sum(known_change_90d) over up_to_day as known_90d,
        sum(known_change_365d) over up_to_day as known_365d,
        sum(published_change_365d) over up_to_day as published_365d,
        max(post_published_at) over up_to_day as latest_published_at,
        -- Standing is read about once a week: the last that is known.
        last_value(guidelines) over {{ trailing_days(28) }} as community_guidelines_good_standing,
        last_value(strikes) over {{ trailing_days(28) }} as copyright_strikes_good_standing,
        last_value(claims) over {{ trailing_days(28) }} as content_id_claims_good_standing
    from changes
    window up_to_day as (
        partition by account_key order by snapshot_date rows between unbounded preceding and current row
    )
),

-- A day has a row of an account that was read of late, if any account was read on it. No later day counts.
account_figures as (
    select
        *,
        if(known_90d > 0, sponsored_90d, null) as sponsored_post_count_90d,
        if(known_365d > 0, sponsored_365d, null) as sponsored_post_count_365d,
        if(known_365d > 0, {{ rate('sponsored_365d', 'published_365d') }}, null) as sponsored_share_365d,
        if(toDate(latest_published_at) > snapshot_date - 365, latest_published_at, null) as last_published_at
    from looked_back
    where
        is_known
        and {{ restated_window('snapshot_date', after=reach) }}
        and snapshot_date in (
            select read_days.snapshot_date
            from {{ ref('fct_account_day') }} as read_days
            where
                read_days.fetched_at is not null
                and {{ restated_window('read_days.snapshot_date', after=reach) }}
        )
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
