{#- A day is in the windows of the 27 after it. -#}
{%- set reach = 27 %}
{#- A reading also changes what the 28 days after it brought. -#}
{%- set days_after = 28 + reach %}
{%- set counts = [
    'follower_count', 'follower_change', 'post_count', 'view_count', 'like_count', 'comment_count',
    'share_count', 'interaction_count', 'reach_count', 'profile_view_count', 'day_view_count',
    'day_interaction_count', 'view_count_7d', 'view_count_28d', 'interaction_count_7d',
    'interaction_count_28d',
] %}
{%- set rates = [
    'engagement_rate_by_views', 'engagement_rate_by_followers', 'engagement_rate_by_reach',
    'mean_reach_7d', 'mean_reach_28d', 'engagement_rate_by_views_7d', 'engagement_rate_by_views_28d',
    'engagement_rate_by_reach_7d', 'engagement_rate_by_reach_28d',
    'engagement_rate_by_followers_7d', 'engagement_rate_by_followers_28d',
] %}
{%- set figures = [
    'account_key', 'snapshot_date', 'window_day_count_7d', 'window_day_count_28d'
] + counts + rates %}
{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='toYYYYMM(snapshot_date)',
        order_by='(account_key, snapshot_date)',
        pre_hook="{{ drop_unread_months(ref('fct_account_day'), after=55) }}",
    )
}}
with
{% if is_incremental() -%}
relabelled as (
    {{ relabelled_accounts({
        'creator_id': 'accounts.creator_id',
        'handle': 'accounts.handle',
        'display_name': 'accounts.display_name',
    }) }}
),
{%- endif %}

account_days as (
    select
        account_key,
        snapshot_date,
        follower_count,
        lifetime_post_count,
        reach_count,
        profile_view_count,
        engagement_count
    from {{ ref('fct_account_day') }}
    where {{ restated_window('snapshot_date', before=reach, after=days_after) }}
),

post_totals as (
    select *
    from {{ ref('fct_account_post_day') }}
    where {{ restated_window('snapshot_date', before=reach, after=days_after) }}
),

-- A day on which posts were read and the account was not counts in the windows of later days.
days as (
    select
        coalesce(account_days.account_key, post_totals.account_key) as account_key,
        coalesce(account_days.snapshot_date, post_totals.snapshot_date) as snapshot_date,
        account_days.account_key is not null as is_account_day,
        account_days.follower_count as follower_count,
        account_days.reach_count as reach_count,
        account_days.profile_view_count as profile_view_count,
        account_days.engagement_count as engagement_count,
        -- No post was read: none exist only if the platform says so, else they are not known.
        coalesce(post_totals.post_count, if(account_days.lifetime_post_count = 0, 0, null)) as post_count,
        post_totals.view_count as view_count,
        post_totals.like_count as like_count,
        post_totals.comment_count as comment_count,
        post_totals.share_count as share_count,
        post_totals.interaction_count as interaction_count,
        {{ engagement_rate_by_views('post_totals.viewed_interaction_count', 'post_totals.interacted_view_count') }}
            as engagement_rate_by_views,
        {{ engagement_rate_by_followers('post_totals.interactions_per_post', 'account_days.follower_count') }}
            as engagement_rate_by_followers,
        {{ engagement_rate_by_reach('post_totals.reached_interaction_count', 'post_totals.interacted_reach_count') }}
            as engagement_rate_by_reach,
        post_totals.view_delta as day_view_count,
        post_totals.interaction_delta as day_interaction_count,
        post_totals.viewed_interaction_delta as viewed_interactions,
        post_totals.interacted_view_delta as interacted_views,
        -- Rates compare like with like: a day that lacks one side counts on neither.
        if(account_days.reach_count is null, null, account_days.engagement_count) as reached_engagements,
        if(account_days.engagement_count is null, null, account_days.reach_count) as engaged_reach
    from account_days
    full outer join post_totals
        on
            account_days.account_key = post_totals.account_key
            and account_days.snapshot_date = post_totals.snapshot_date
),

windowed as (
    select
        *,
        {%- for days in [7, 28] %}
        count(day_interaction_count) over last_{{ days }}_days as window_day_count_{{ days }}d,
        {{ window_figure('sum', 'day_view_count', days) }} as view_count_{{ days }}d,
        {{ window_figure('sum', 'day_interaction_count', days) }} as interaction_count_{{ days }}d,
        {{ window_figure('avg', 'day_interaction_count', days) }} as daily_interactions_{{ days }}d,
        {{ window_figure('avg', 'reach_count', days) }} as mean_reach_{{ days }}d,
        {{ window_figure('sum', 'viewed_interactions', days) }} as viewed_interactions_{{ days }}d,
        {{ window_figure('sum', 'interacted_views', days) }} as interacted_views_{{ days }}d,
        {{ window_figure('sum', 'reached_engagements', days) }} as reached_engagements_{{ days }}d,
        {{ window_figure('sum', 'engaged_reach', days) }} as engaged_reach_{{ days }}d,
        {%- endfor %}
        follower_count - {{ value_days_ago('follower_count', 1) }} as follower_change
    from days
    window
        last_7_days as {{ trailing_days(7) }},
        last_28_days as {{ trailing_days(28) }}
),

account_figures as (
    select
        {%- for days in [7, 28] %}
        {{ window_rate('viewed_interactions_%sd' % days, 'interacted_views_%sd' % days) }}
            as engagement_rate_by_views_{{ days }}d,
        {{ window_rate('reached_engagements_%sd' % days, 'engaged_reach_%sd' % days) }}
            as engagement_rate_by_reach_{{ days }}d,
        {{ window_rate('daily_interactions_%sd' % days, 'follower_count') }}
            as engagement_rate_by_followers_{{ days }}d,
        {%- endfor %}
        *
    from windowed
    where is_account_day and {{ restated_window('snapshot_date', after=days_after) }}
),

current_and_carried as (
    select {{ figures | join(', ') }} from account_figures
    {% if is_incremental() -%}
    union all
    {{ carried_months(figures, after=days_after) }}
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
    cast({{ follower_tier('days.follower_count') }} as Nullable(String)) as follower_tier,
    {%- for count in counts %}
    cast(days.{{ count }} as Nullable(Int64)) as {{ count }},
    {%- endfor %}
    {%- for rate in rates %}
    cast(days.{{ rate }} as Nullable(Float64)) as {{ rate }},
    {%- endfor %}
    cast(days.window_day_count_7d as UInt8) as window_day_count_7d,
    cast(days.window_day_count_28d as UInt8) as window_day_count_28d
from current_and_carried as days
inner join {{ ref('dim_account') }} as accounts on days.account_key = accounts.account_key
