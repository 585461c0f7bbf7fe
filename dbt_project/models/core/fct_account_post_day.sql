{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='toYYYYMM(snapshot_date)',
        order_by='(account_key, snapshot_date)',
        pre_hook="{{ drop_vanished_months([ref('fct_post_day')]) }}",
        meta={'attaches_new_days': true},
        query_settings={'optimize_aggregation_in_order': 1},
    )
}}
{%- set recent_posts = 20 %}
{%- set built_columns = [
    'platform', 'account_key', 'snapshot_date', 'post_count', 'new_post_count', 'view_count',
    'like_count', 'comment_count', 'share_count', 'interaction_count', 'view_delta', 'like_delta',
    'comment_delta', 'share_delta', 'interaction_delta', 'delta_post_count',
    'viewed_interaction_delta', 'interacted_view_delta',
    'viewed_interaction_count', 'interacted_view_count', 'reached_interaction_count',
    'interacted_reach_count', 'interactions_per_post', 'recent_post_count', 'recent_like_p10',
    'recent_like_p50', 'recent_like_p90', 'recent_liked_post_count', 'recent_like_count',
    'recent_comment_count', 'recent_liked_commented_post_count', 'recent_view_count',
    'liked_beyond_views_post_count', 'recent_liked_viewed_post_count', 'top_post_view_delta',
    'negative_delta_post_count',
] %}
-- One pass over the posts, in the order in which they stand: an account's days are done before the
-- next account begins.
with
post_days as (
    select *
    from {{ ref('fct_post_day') }}
    where {{ in_rebuilt_days() }}
),

totals as (
    select
        post_days.account_key as account_key,
        post_days.snapshot_date as snapshot_date,
        min(post_days.platform) as platform,
        count() as post_count,
        if(
            count(post_days.published_at) = 0, null,
            countIf(toDate(post_days.published_at) = post_days.snapshot_date)
        ) as new_post_count,
        sum(post_days.view_count) as view_count,
        sum(post_days.like_count) as like_count,
        sum(post_days.comment_count) as comment_count,
        sum(post_days.share_count) as share_count,
        sum(post_days.interaction_count) as interaction_count,
        sumIf(post_days.view_delta, post_days.delta_days = 1) as view_delta,
        sumIf(post_days.like_delta, post_days.delta_days = 1) as like_delta,
        sumIf(post_days.comment_delta, post_days.delta_days = 1) as comment_delta,
        sumIf(post_days.share_delta, post_days.delta_days = 1) as share_delta,
        sumIf(post_days.interaction_delta, post_days.delta_days = 1) as interaction_delta,
        countIf(post_days.delta_days = 1) as delta_post_count,
        -- Rates compare like with like: a post that hides one side counts on neither.
        sumIf(post_days.interaction_delta, post_days.delta_days = 1 and post_days.view_delta is not null)
            as viewed_interaction_delta,
        sumIf(post_days.view_delta, post_days.delta_days = 1 and post_days.interaction_delta is not null)
            as interacted_view_delta,
        sumIf(post_days.interaction_count, post_days.view_count is not null) as viewed_interaction_count,
        sumIf(post_days.view_count, post_days.interaction_count is not null) as interacted_view_count,
        sumIf(post_days.reached_interaction_count, post_days.reach_count is not null) as reached_interaction_count,
        sumIf(post_days.reach_count, post_days.reached_interaction_count is not null) as interacted_reach_count,
        avg(post_days.interaction_count) as interactions_per_post,
        maxIf(post_days.view_delta, post_days.delta_days = 1) as top_post_view_delta,
        countIf(post_days.has_negative_delta) as negative_delta_post_count,
        -- Sorted from the latest publication on, unknown ones last; the key settles ties.
        groupArraySorted({{ recent_posts }})( -- noqa: LT01
            tuple(
                coalesce(-toUnixTimestamp64Micro(post_days.published_at), {{ 2 ** 63 - 1 }}),
                post_days.post_key,
                post_days.view_count,
                post_days.like_count,
                post_days.comment_count
            )
        ) as recent_posts
    from post_days
    group by post_days.account_key, post_days.snapshot_date
),

recent as (
    select
        *,
        arrayFilter(given -> given is not null, tupleElement(recent_posts, 3)) as given_views,
        arrayMap(given -> assumeNotNull(given), given_views) as recent_views,
        arrayFilter(given -> given is not null, tupleElement(recent_posts, 4)) as given_likes,
        arrayMap(given -> assumeNotNull(given), given_likes) as recent_likes,
        -- Here too like with like: comments are told per like of the posts that show both.
        arrayFilter(
            post -> tupleElement(post, 4) is not null and tupleElement(post, 5) is not null, recent_posts
        ) as liked_commented_posts,
        arrayCount(
            post -> tupleElement(post, 4) is not null and tupleElement(post, 3) is not null, recent_posts
        ) as liked_viewed_posts
    from totals
)

select
    cast(platform as LowCardinality(String)) as platform,
    cast(account_key as String) as account_key,
    cast(snapshot_date as Date) as snapshot_date,
    cast(post_count as Int64) as post_count,
    cast(new_post_count as Nullable(Int64)) as new_post_count,
    cast(view_count as Nullable(Int64)) as view_count,
    cast(like_count as Nullable(Int64)) as like_count,
    cast(comment_count as Nullable(Int64)) as comment_count,
    cast(share_count as Nullable(Int64)) as share_count,
    cast(interaction_count as Nullable(Int64)) as interaction_count,
    cast(view_delta as Nullable(Int64)) as view_delta,
    cast(like_delta as Nullable(Int64)) as like_delta,
    cast(comment_delta as Nullable(Int64)) as comment_delta,
    cast(share_delta as Nullable(Int64)) as share_delta,
    cast(interaction_delta as Nullable(Int64)) as interaction_delta,
    cast(delta_post_count as Int64) as delta_post_count,
    cast(viewed_interaction_delta as Nullable(Int64)) as viewed_interaction_delta,
    cast(interacted_view_delta as Nullable(Int64)) as interacted_view_delta,
    cast(viewed_interaction_count as Nullable(Int64)) as viewed_interaction_count,
    cast(interacted_view_count as Nullable(Int64)) as interacted_view_count,
    cast(reached_interaction_count as Nullable(Int64)) as reached_interaction_count,
    cast(interacted_reach_count as Nullable(Int64)) as interacted_reach_count,
    cast(interactions_per_post as Nullable(Float64)) as interactions_per_post,
    cast(length(recent_posts) as Int64) as recent_post_count,
    {%- for name, level in [('p10', 0.1), ('p50', 0.5), ('p90', 0.9)] %}
    cast(
        if(empty(recent_likes), null, arrayReduce('quantileExactInclusive({{ level }})', recent_likes))
        as Nullable(Float64)
    ) as recent_like_{{ name }},
    {%- endfor %}
    cast(length(recent_likes) as Int64) as recent_liked_post_count,
    {%- for name, place in [('like', 4), ('comment', 5)] %}
    cast(
        if(
            empty(liked_commented_posts), null,
            arraySum(post -> assumeNotNull(tupleElement(post, {{ place }})), liked_commented_posts)
        ) as Nullable(Int64)
    ) as recent_{{ name }}_count,
    {%- endfor %}
    cast(length(liked_commented_posts) as Int64) as recent_liked_commented_post_count,
    cast(if(empty(recent_views), null, arraySum(recent_views)) as Nullable(Int64)) as recent_view_count,
    cast(
        if(
            liked_viewed_posts = 0, null,
            arrayCount(post -> coalesce(tupleElement(post, 4) > tupleElement(post, 3), false), recent_posts)
        ) as Nullable(Int64)
    ) as liked_beyond_views_post_count,
    cast(liked_viewed_posts as Int64) as recent_liked_viewed_post_count,
    cast(top_post_view_delta as Nullable(Int64)) as top_post_view_delta,
    cast(negative_delta_post_count as Int64) as negative_delta_post_count
from recent
{{ carried_days(built_columns) }}
