{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='toYYYYMM(snapshot_date)',
        order_by='(account_key, snapshot_date)',
        post_hook="{{ drop_emptied_account_months() }}",
    )
}}
{%- set read_columns = [
    'fetched_at', 'handle', 'category', 'is_verified', 'follower_count', 'is_follower_count_hidden',
    'following_count', 'lifetime_view_count', 'lifetime_like_count', 'lifetime_post_count',
    'community_guidelines_good_standing', 'copyright_strikes_good_standing', 'content_id_claims_good_standing',
] %}
{%- set insight_columns = [
    'gained_follower_count', 'lost_follower_count', 'reach_count', 'view_count',
    'profile_view_count', 'engagement_count', 'engaged_account_count', 'view_definition',
] %}
{%- set before_refuted = earlier_readings(
    'account_insights', 'snapshot_date', 'date', 'snapshot_date', known_through='snapshot_date'
) %}
-- A day is read once, but its insights are read again by the days after it. So a run takes the
-- readings of its own days, and what it holds of the months that they speak of from itself.
with
{% if is_incremental() -%}
built as (
    select * from {{ this }}
    where {{ restated_partitions('snapshot_date') }}
),
{%- endif %}

account_days as (
    {{ every_platform('account_days', where=in_window('snapshot_date')) }}
),

insights as (
    {{ every_platform('account_insights', where=in_window('snapshot_date')) }}
),

days_read as (
    select
        platform,
        {{ platform_key('account_id') }} as account_key,
        snapshot_date,
        {{ read_columns | join(', ') }}
    from account_days
    {% if is_incremental() -%}
    union all
    select
        platform,
        account_key,
        snapshot_date,
        {{ read_columns | join(', ') }}
    from built
    where fetched_at is not null and not ({{ in_window('snapshot_date') }})
    {%- endif %}
),

insight_readings as (
    select
        insights.platform as platform,
        {{ platform_key('insights.account_id') }} as account_key,
        insights.date as snapshot_date,
        insights.snapshot_date as insights_snapshot_date,
        insights.{{ insight_columns | join(', insights.') }}
    from insights
    {% if is_incremental() -%}
    union all
    select
        built.platform as platform,
        built.account_key as account_key,
        built.snapshot_date as snapshot_date,
        assumeNotNull(built.insights_snapshot_date) as insights_snapshot_date,
        built.{{ insight_columns | join(', built.') }}
    from built
    where
        built.insights_snapshot_date is not null
        and not ({{ in_window('built.insights_snapshot_date') }})
    {%- endif %}
    {% if before_refuted -%}
    union all
    select
        earlier.platform as platform,
        {{ platform_key('earlier.account_id') }} as account_key,
        earlier.date as snapshot_date,
        earlier.snapshot_date as insights_snapshot_date,
        earlier.{{ insight_columns | join(', earlier.') }}
    from (
        {{ every_platform('account_insights', where=before_refuted) }}
    ) as earlier
    where
        ({{ platform_key('earlier.account_id') }}, earlier.date) in (
            select
                built.account_key,
                built.snapshot_date
            from built
            where {{ in_window('built.insights_snapshot_date') }}
        )
    {%- endif %}
),

-- A reading holds all metrics of a day, so the latest holds whole: what it lacks stays absent.
latest_insights as (
    select *
    from insight_readings
    order by account_key, snapshot_date, insights_snapshot_date desc
    limit 1 by account_key, snapshot_date
)

select
    cast(coalesce(days_read.platform, latest_insights.platform) as LowCardinality(String)) as platform,
    cast(coalesce(days_read.account_key, latest_insights.account_key) as String) as account_key,
    cast(coalesce(days_read.snapshot_date, latest_insights.snapshot_date) as Date) as snapshot_date,
    cast(
        {{ platform_day_start_at(
            'coalesce(days_read.platform, latest_insights.platform)',
            'coalesce(days_read.snapshot_date, latest_insights.snapshot_date)'
        ) }} as DateTime('UTC')
    ) as day_start_at,
    cast(
        {{ platform_day_end_at(
            'coalesce(days_read.platform, latest_insights.platform)',
            'coalesce(days_read.snapshot_date, latest_insights.snapshot_date)'
        ) }} as DateTime('UTC')
    ) as day_end_at,
    cast(days_read.fetched_at as Nullable(DateTime64(6, 'UTC'))) as fetched_at,
    cast(days_read.handle as Nullable(String)) as handle,
    cast(days_read.category as LowCardinality(Nullable(String))) as category,
    cast(days_read.is_verified as Nullable(Bool)) as is_verified,
    cast(days_read.follower_count as Nullable(Int64)) as follower_count,
    cast(days_read.is_follower_count_hidden as Nullable(Bool)) as is_follower_count_hidden,
    cast(days_read.following_count as Nullable(Int64)) as following_count,
    cast(days_read.lifetime_view_count as Nullable(Int64)) as lifetime_view_count,
    cast(days_read.lifetime_like_count as Nullable(Int64)) as lifetime_like_count,
    cast(days_read.lifetime_post_count as Nullable(Int64)) as lifetime_post_count,
    cast(latest_insights.gained_follower_count as Nullable(Int64)) as gained_follower_count,
    cast(latest_insights.lost_follower_count as Nullable(Int64)) as lost_follower_count,
    cast(latest_insights.reach_count as Nullable(Int64)) as reach_count,
    cast(latest_insights.view_count as Nullable(Int64)) as view_count,
    cast(latest_insights.profile_view_count as Nullable(Int64)) as profile_view_count,
    cast(latest_insights.engagement_count as Nullable(Int64)) as engagement_count,
    cast(latest_insights.engaged_account_count as Nullable(Int64)) as engaged_account_count,
    cast(latest_insights.view_definition as LowCardinality(Nullable(String))) as view_definition,
    cast(latest_insights.insights_snapshot_date as Nullable(Date)) as insights_snapshot_date,
    cast(days_read.community_guidelines_good_standing as Nullable(Bool)) as community_guidelines_good_standing,
    cast(days_read.copyright_strikes_good_standing as Nullable(Bool)) as copyright_strikes_good_standing,
    cast(days_read.content_id_claims_good_standing as Nullable(Bool)) as content_id_claims_good_standing
from days_read
full outer join latest_insights
    on
        days_read.account_key = latest_insights.account_key
        and days_read.snapshot_date = latest_insights.snapshot_date
