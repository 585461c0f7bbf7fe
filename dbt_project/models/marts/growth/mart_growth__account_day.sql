{#- A growth rate looks back on 90 days. -#}
{%- set reach = 90 %}
{#- A gap is filled from the readings on both of its sides, so many days apart at most: 28 days without a reading. -#}
{%- set longest_step = 29 %}
{#- The least days of a window of 7 and of 28 that must be known. -#}
{%- set least = {7: 5, 28: 20} %}
{%- set figures = [
    'account_key', 'snapshot_date', 'is_filled', 'has_gap_before', 'follower_count', 'follower_change',
    'gained_follower_count', 'lost_follower_count', 'follower_growth_rate_7d',
    'follower_growth_rate_28d', 'follower_growth_rate_90d', 'churn_rate_28d', 'reach_growth_rate_7d',
    'reach_growth_rate_28d', 'audience_growth_rate_28d', 'growth_percentile_28d', 'growth_percentile_28d_n',
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
{% if is_incremental() -%}
relabelled as (
    {{ relabelled_accounts({
        'creator_id': 'accounts.creator_id',
        'handle': 'accounts.handle',
        'display_name': 'accounts.display_name',
        'account_age_days': account_age_days('accounts', 'accounts.first_snapshot_date'),
        'is_age_from_first_seen': 'accounts.account_created_at is null',
    }) }}
),
{%- endif %}

account_days as (
    select
        account_key,
        snapshot_date,
        fetched_at is not null as is_read,
        follower_count,
        gained_follower_count,
        lost_follower_count,
        reach_count,
        engaged_account_count
    from {{ ref('fct_account_day') }}
    where {{ restated_window('snapshot_date', before=reach + longest_step, after=reach + longest_step) }}
),

-- Each row with the next one of its kind: of a reading the next reading.
readings as (
    select
        account_key,
        snapshot_date as told_date,
        is_read,
        follower_count as told_count,
        gained_follower_count as gained,
        lost_follower_count as lost,
        reach_count as reached,
        engaged_account_count as engaged,
        leadInFrame(toNullable(snapshot_date)) over to_the_next as next_date,
        leadInFrame(follower_count) over to_the_next as next_count,
        if(is_read and next_date - told_date <= {{ longest_step }}, next_date - told_date, 1) as step_count
    from account_days
    window to_the_next as (
        partition by account_key, is_read order by snapshot_date
        rows between current row and unbounded following
    )
),

-- A reading stands for its day and for the days without one up to the next.
told_days as (
    select
        account_key,
        toDate(told_date + step) as snapshot_date,
        is_read as is_covered,
        step > 0 as is_filled,
        -- Rounded half up in whole numbers, so that no day hangs on the last bit of a float.
        multiIf(
            not is_read, null,
            step = 0, told_count,
            told_count
            + toInt64(floor((2 * (next_count - told_count) * step + step_count) / (2 * step_count)))
        ) as follower_count,
        if(step = 0, gained, null) as gained_follower_count,
        if(step = 0, lost, null) as lost_follower_count,
        if(step = 0, reached, null) as reach_count,
        if(step = 0, engaged, null) as engaged_account_count
    from readings
    array join range(toUInt32(step_count)) as step
),

-- Insights speak of days without a reading too, also before the first one.
days as (
    select
        account_key,
        snapshot_date,
        max(is_covered) as is_covered,
        max(is_filled) as is_filled,
        max(follower_count) as follower_count,
        max(gained_follower_count) as gained_follower_count,
        max(lost_follower_count) as lost_follower_count,
        max(reach_count) as reach_count,
        max(engaged_account_count) as engaged_account_count
    from told_days
    group by account_key, snapshot_date
),

looked_back as (
    select
        *,
        {{ value_days_ago('is_covered', 1) }} as was_covered,
        {{ value_days_ago('follower_count', 1) }} as follower_count_1d_ago,
        {{ value_days_ago('follower_count', 7) }} as follower_count_7d_ago,
        {{ value_days_ago('follower_count', 28) }} as follower_count_28d_ago,
        {{ value_days_ago('follower_count', 90) }} as follower_count_90d_ago,
        {{ trailing_mean('lost_follower_count', 28, least[28]) }} as mean_lost_28d,
        {{ trailing_mean('reach_count', 7, least[7]) }} as mean_reach_7d,
        {{ trailing_mean('reach_count', 7, least[7], ago=7) }} as mean_reach_7d_before,
        {{ trailing_mean('reach_count', 28, least[28]) }} as mean_reach_28d,
        {{ trailing_mean('reach_count', 28, least[28], ago=28) }} as mean_reach_28d_before,
        {{ trailing_mean('engaged_account_count', 28, least[28]) }} as mean_engaged_28d,
        {{ trailing_mean('engaged_account_count', 28, least[28], ago=28) }} as mean_engaged_28d_before
    from days
),

rated as (
    select
        *,
        not coalesce(was_covered, false) as has_gap_before,
        follower_count - follower_count_1d_ago as follower_change,
        {{ growth_rate('follower_count', 'follower_count_7d_ago') }} as follower_growth_rate_7d,
        {{ growth_rate('follower_count', 'follower_count_28d_ago') }} as follower_growth_rate_28d,
        {{ growth_rate('follower_count', 'follower_count_90d_ago') }} as follower_growth_rate_90d,
        {{ rate('28 * mean_lost_28d', 'follower_count_28d_ago') }} as churn_rate_28d,
        {{ growth_rate('mean_reach_7d', 'mean_reach_7d_before') }} as reach_growth_rate_7d,
        {{ growth_rate('mean_reach_28d', 'mean_reach_28d_before') }} as reach_growth_rate_28d,
        {{ growth_rate('mean_engaged_28d', 'mean_engaged_28d_before') }} as audience_growth_rate_28d
    from looked_back
    where is_covered and {{ restated_window('snapshot_date', after=reach) }}
),

in_cohorts as (
    select
        rated.*,
        accounts.platform as platform,
        {{ follower_tier('rated.follower_count') }} as cohort_tier,
        rated.follower_growth_rate_28d is not null as is_rated
    from rated
    inner join {{ ref('dim_account') }} as accounts on rated.account_key = accounts.account_key
),

ranked as (
    select
        *,
        if(is_rated, count() over cohort, null) as cohort_n,
        rank() over (
            partition by snapshot_date, platform, cohort_tier, is_rated order by follower_growth_rate_28d
        ) as cohort_rank,
        count() over (
            partition by snapshot_date, platform, cohort_tier, is_rated, follower_growth_rate_28d
        ) as equal_n
    from in_cohorts
    window cohort as (partition by snapshot_date, platform, cohort_tier, is_rated)
),

account_figures as (
    select
        * except (cohort_n),
        cohort_n as growth_percentile_28d_n,
        {{ percentile_of_rank('cohort_rank', 'equal_n', 'cohort_n') }} as growth_percentile_28d
    from ranked
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
    cast(days.follower_count as Nullable(Int64)) as follower_count,
    cast(days.is_filled as Bool) as is_filled,
    cast(days.has_gap_before as Bool) as has_gap_before,
    cast({{ follower_tier('days.follower_count') }} as Nullable(String)) as follower_tier,
    cast({{ account_age_days('accounts', 'days.snapshot_date') }} as Int64) as account_age_days,
    cast(accounts.account_created_at is null as Bool) as is_age_from_first_seen,
    cast(days.follower_change as Nullable(Int64)) as follower_change,
    cast(days.gained_follower_count as Nullable(Int64)) as gained_follower_count,
    cast(days.lost_follower_count as Nullable(Int64)) as lost_follower_count,
    cast(days.follower_growth_rate_7d as Nullable(Float64)) as follower_growth_rate_7d,
    cast(days.follower_growth_rate_28d as Nullable(Float64)) as follower_growth_rate_28d,
    cast(days.follower_growth_rate_90d as Nullable(Float64)) as follower_growth_rate_90d,
    cast(days.churn_rate_28d as Nullable(Float64)) as churn_rate_28d,
    cast(days.reach_growth_rate_7d as Nullable(Float64)) as reach_growth_rate_7d,
    cast(days.reach_growth_rate_28d as Nullable(Float64)) as reach_growth_rate_28d,
    cast(days.audience_growth_rate_28d as Nullable(Float64)) as audience_growth_rate_28d,
    cast(days.growth_percentile_28d as Nullable(Float64)) as growth_percentile_28d,
    cast(days.growth_percentile_28d_n as Nullable(Int64)) as growth_percentile_28d_n
from current_and_carried as days
inner join {{ ref('dim_account') }} as accounts on days.account_key = accounts.account_key
