{#-
  The rows of fct_post_day, of its whole history, or of the days from `first_day` to `last_day` (SQL)
  on top of the relation `built`, which holds the days before. Where the run `replaces` months it also
  counts anew the later rows that look back on its days, and carries over what else the months hold.

  The day before comes with those days from staging, where a day is cheap to read. Older readings are
  looked up by key, for the posts alone that lack it and were published before.
-#}
{% macro post_day_rows(first_day=none, last_day=none, built=none, replaces=false) -%}
{%- set read_columns = [
    'platform', 'account_key', 'post_key', 'snapshot_date', 'published_at', 'view_count',
    'view_definition', 'like_count', 'comment_count', 'share_count', 'save_count', 'reach_count',
    'interaction_count', 'reached_interaction_count',
] -%}
{%- set deltas = ['view', 'like', 'comment', 'share', 'save', 'interaction'] -%}
{%- set built_columns = read_columns + ['delta_days', 'view_delta', 'like_delta', 'comment_delta',
    'share_delta', 'save_delta', 'interaction_delta', 'has_negative_delta'] -%}
{%- set reach = reach_of_a_day() -%}
{%- if built is none -%}
    {%- set read_days, rebuilt_days = 'true', 'true' -%}
{%- else -%}
    {%- set read_days = 'snapshot_date between ' ~ first_day ~ ' - 1 and ' ~ last_day -%}
    {%- set rebuilt_days = 'snapshot_date between ' ~ first_day ~ ' and ' ~ last_day ~ (' + ' ~ reach if replaces else '') -%}
{%- endif -%}
with
post_days as (
    {{ every_platform('post_days', where=read_days) }}
),

listings as (
    select
        platform,
        {{ platform_key('account_id') }} as account_key,
        {{ platform_key('post_id') }} as post_key,
        snapshot_date,
        published_at,
        view_count,
        view_definition,
        like_count,
        comment_count,
        share_count,
        save_count,
        reach_count,
        interaction_count,
        reached_interaction_count
    from post_days
    {%- if replaces %}
    union all
    select {{ read_columns | join(', ') }}
    from {{ built }}
    where snapshot_date between {{ last_day }} + 1 and {{ last_day }} + {{ reach }}
    {%- endif %}
),

{% if built is not none -%}
unpreceded as (
    select
        account_key,
        post_key
    from listings
    group by account_key, post_key
    having
        min(snapshot_date) >= {{ first_day }}
        and coalesce(tupleElement(argMin(tuple(published_at), snapshot_date), 1) < {{ first_day }} - 1, true)
),

older_listings as (
    select {{ read_columns | join(', ') }}
    from {{ built }}
    where
        snapshot_date between {{ first_day }} - {{ reach }} and {{ first_day }} - 2
        and (account_key, post_key) in (select account_key, post_key from unpreceded)
    order by account_key, post_key, snapshot_date desc
    limit 1 by account_key, post_key
),
{%- endif %}

readings as (
    select * from listings
    {%- if built is not none %}
    union all
    select * from older_listings
    {%- endif %}
),

preceded as (
    select
        *,
        {%- for counter in deltas %}
        lagInFrame({{ counter }}_count) over by_day as previous_{{ counter }}_count,
        {%- endfor %}
        snapshot_date - lagInFrame(toNullable(snapshot_date)) over by_day as days_since_previous
    from readings
    window by_day as (
        partition by account_key, post_key order by snapshot_date
        rows between 1 preceding and current row
    )
),

-- A reading before the publication (of a premiere, say) is not of the public post. All that a post
-- published in those days has gathered, it has gathered since.
dated as (
    select
        *,
        snapshot_date - toDate(published_at) as age_days,
        coalesce(
            days_since_previous <= {{ reach }} and (age_days is null or days_since_previous <= age_days),
            false
        ) as has_previous,
        multiIf(
            has_previous, days_since_previous,
            age_days between 0 and {{ reach }}, age_days + 1,
            null
        ) as delta_days
    from preceded
    where {{ rebuilt_days }}
),

measured as (
    select
        *,
        {%- for counter in deltas %}
        if(
            delta_days is null, null,
            {{ counter }}_count - if(has_previous, previous_{{ counter }}_count, 0)
        ) as {{ counter }}_delta
        {{- ',' if not loop.last }}
        {%- endfor %}
    from dated
)

select
    cast(platform as LowCardinality(String)) as platform,
    cast(account_key as String) as account_key,
    cast(post_key as String) as post_key,
    cast(snapshot_date as Date) as snapshot_date,
    cast(published_at as Nullable(DateTime64(6, 'UTC'))) as published_at,
    cast(view_count as Nullable(Int64)) as view_count,
    cast(view_definition as LowCardinality(Nullable(String))) as view_definition,
    cast(like_count as Nullable(Int64)) as like_count,
    cast(comment_count as Nullable(Int64)) as comment_count,
    cast(share_count as Nullable(Int64)) as share_count,
    cast(save_count as Nullable(Int64)) as save_count,
    cast(reach_count as Nullable(Int64)) as reach_count,
    cast(interaction_count as Nullable(Int64)) as interaction_count,
    cast(reached_interaction_count as Nullable(Int64)) as reached_interaction_count,
    cast(delta_days as Nullable(UInt8)) as delta_days,
    cast(view_delta as Nullable(Int64)) as view_delta,
    cast(like_delta as Nullable(Int64)) as like_delta,
    cast(comment_delta as Nullable(Int64)) as comment_delta,
    cast(share_delta as Nullable(Int64)) as share_delta,
    cast(save_delta as Nullable(Int64)) as save_delta,
    cast(interaction_delta as Nullable(Int64)) as interaction_delta,
    cast(
        arrayExists(
            delta -> delta < 0,
            [view_delta, like_delta, comment_delta, share_delta, save_delta, interaction_delta]
        ) as Bool
    ) as has_negative_delta
from measured
{{ carried_days(built_columns) if replaces }}
{%- endmacro %}
