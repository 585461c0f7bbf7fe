{{
    config(
        materialized='incremental',
        incremental_strategy='delete_insert',
        unique_key=['account_key', 'snapshot_date'],
        partition_by='toYYYYMM(snapshot_date)',
        order_by='(account_key, snapshot_date)',
        pre_hook="{{ delete_vanished_rows(ref('fct_account_day'), ['account_key', 'snapshot_date']) }}",
    )
}}
-- A day's follower change looks at the day before, so a rebuilt day also rebuilds the next one.
-- Days and renamed accounts are read apart, because a condition with OR would read all of history.
with
{% if is_incremental() -%}
-- History follows the account's present owner and name, on which access and labels rest.
renamed as (
    select distinct built.account_key as account_key
    from {{ this }} as built
    inner join {{ ref('dim_account') }} as accounts on built.account_key = accounts.account_key
    where
        built.creator_id is distinct from accounts.creator_id
        or built.handle is distinct from accounts.handle
        or built.display_name is distinct from accounts.display_name
),
{%- endif %}

account_days as (
    select * from {{ ref('fct_account_day') }}
    where {{ in_window('snapshot_date', after=1) }}
    {% if is_incremental() -%}
    union all
    select * from {{ ref('fct_account_day') }}
    where
        account_key in (select account_key from renamed)
        and not ({{ in_window('snapshot_date', after=1) }})
    {%- endif %}
),

days_before as (
    select
        account_key,
        snapshot_date + 1 as next_date,
        follower_count
    from {{ ref('fct_account_day') }}
    where {{ in_window('snapshot_date', before=1) }}
    {% if is_incremental() -%}
    union all
    select
        account_key,
        snapshot_date + 1 as next_date,
        follower_count
    from {{ ref('fct_account_day') }}
    where
        account_key in (select account_key from renamed)
        and not ({{ in_window('snapshot_date', before=1) }})
    {%- endif %}
),

post_days as (
    select * from {{ ref('fct_post_day') }}
    where {{ in_window('snapshot_date', after=1) }}
    {% if is_incremental() -%}
    union all
    select * from {{ ref('fct_post_day') }}
    where
        account_key in (select account_key from renamed)
        and not ({{ in_window('snapshot_date', after=1) }})
    {%- endif %}
),

post_totals as (
    select
        post_days.account_key as account_key,
        post_days.snapshot_date as snapshot_date,
        count() as post_count,
        sum(post_days.view_count) as view_count,
        sum(post_days.like_count) as like_count,
        sum(post_days.comment_count) as comment_count,
        sum(post_days.share_count) as share_count,
        sum(post_days.interaction_count) as interaction_count,
        -- Rates compare like with like: a post that hides one side counts on neither.
        sumIf(post_days.interaction_count, post_days.view_count is not null) as viewed_interactions,
        sumIf(post_days.view_count, post_days.interaction_count is not null) as interacted_views,
        avg(post_days.interaction_count) as interactions_per_post
    from post_days
    group by post_days.account_key, post_days.snapshot_date
)

select
    cast(account_days.platform as LowCardinality(String)) as platform,
    cast(account_days.account_key as String) as account_key,
    cast(accounts.account_id as String) as account_id,
    cast(accounts.creator_id as Nullable(String)) as creator_id,
    cast(accounts.handle as Nullable(String)) as handle,
    cast(accounts.display_name as Nullable(String)) as display_name,
    cast(account_days.snapshot_date as Date) as snapshot_date,
    cast(account_days.follower_count as Nullable(Int64)) as follower_count,
    cast(account_days.follower_count - days_before.follower_count as Nullable(Int64))
        as follower_change,
    cast({{ follower_tier('account_days.follower_count') }} as Nullable(String)) as follower_tier,
    -- No post was read: none exist only if the platform says so, else they are not known.
    cast(
        coalesce(post_totals.post_count, if(account_days.lifetime_post_count = 0, 0, null))
        as Nullable(Int64)
    ) as post_count,
    cast(post_totals.view_count as Nullable(Int64)) as view_count,
    cast(post_totals.like_count as Nullable(Int64)) as like_count,
    cast(post_totals.comment_count as Nullable(Int64)) as comment_count,
    cast(post_totals.share_count as Nullable(Int64)) as share_count,
    cast(post_totals.interaction_count as Nullable(Int64)) as interaction_count,
    cast(
        {{ engagement_rate_by_views('post_totals.viewed_interactions', 'post_totals.interacted_views') }}
        as Nullable(Float64)
    ) as engagement_rate_by_views,
    cast(
        {{ engagement_rate_by_followers('post_totals.interactions_per_post', 'account_days.follower_count') }}
        as Nullable(Float64)
    ) as engagement_rate_by_followers
from account_days
inner join {{ ref('dim_account') }} as accounts on account_days.account_key = accounts.account_key
left join days_before
    on
        account_days.account_key = days_before.account_key
        and account_days.snapshot_date = days_before.next_date
left join post_totals
    on
        account_days.account_key = post_totals.account_key
        and account_days.snapshot_date = post_totals.snapshot_date
