{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by=comment_month(),
        order_by='(account_key, post_key, comment_key)',
        indexes=[
            {'name': 'by_first_reading', 'definition': 'first_snapshot_date type minmax granularity 1'},
            {'name': 'by_last_reading', 'definition': 'last_snapshot_date type minmax granularity 1'},
        ],
        post_hook="{{ drop_emptied_comment_months() }}",
        query_settings={'max_partitions_per_insert_block': 0},
    )
}}
{%- set attributes = [
    'platform', 'account_key', 'post_key', 'parent_comment_key', 'author_key', 'author_name',
    'is_by_owner', 'published_at', 'comment_text', 'language', 'like_count', 'reply_count', 'is_hidden',
] %}
{%- set months = comment_months() %}
{%- set other_readings = other_comment_readings(months) %}
{%- set last_in_run = in_window('built.last_snapshot_date', known_through='last_snapshot_date') %}
{%- set first_in_run = in_window('built.first_snapshot_date', known_through='last_snapshot_date') %}
with
comments as (
    {{ comments_read() }}
    {% if other_readings -%}
    union all
    select * from (
        {{ every_platform('comments', where=other_readings) }}
    )
    where
        {{ platform_key('comment_id') }} in (
            select comment_key from {{ this }}
            where {{ comments_not_found_again(months) }}
        )
    {%- endif %}
),

-- A comment is described by its latest reading; `is_described` where the row is one.
readings as (
    select
        comments.platform as platform,
        {{ platform_key('comments.account_id') }} as account_key,
        {{ platform_key('comments.post_id') }} as post_key,
        {{ platform_key('comments.comment_id') }} as comment_key,
        {{ platform_key('comments.parent_comment_id') }} as parent_comment_key,
        {{ platform_key('comments.author_id') }} as author_key,
        comments.author_name as author_name,
        comments.is_by_owner as is_by_owner,
        comments.published_at as published_at,
        comments.comment_text as comment_text,
        comments.language as language,
        comments.like_count as like_count,
        comments.reply_count as reply_count,
        comments.is_hidden as is_hidden,
        toNullable(comments.snapshot_date) as first_snapshot_date,
        comments.snapshot_date as last_snapshot_date,
        true as is_described
    from comments
    {% if is_incremental() and months -%}
    union all
    select
        {{ attributes[:3] | join(', ') }},
        comment_key,
        {{ attributes[3:] | join(', ') }},
        -- Where the first reading was repeated, no other is older: the first is among those at hand.
        if({{ first_in_run }}, null, built.first_snapshot_date) as first_snapshot_date,
        built.last_snapshot_date as last_snapshot_date,
        not ({{ last_in_run }}) as is_described
    from {{ this }} as built
    where {{ comment_month('built.published_at') }} in ({{ months | join(', ') }})
    {%- endif %}
),

latest as (
    select
        comment_key,
        -- A tuple, because argMax of a column alone would skip its NULLs.
        argMaxIf(
            tuple({{ attributes | join(', ') }}),
            tuple(last_snapshot_date, account_key, post_key),
            is_described
        ) as described,
        min(first_snapshot_date) as earliest_snapshot_date,
        maxIf(last_snapshot_date, is_described) as latest_snapshot_date
    from readings
    group by comment_key
    having countIf(is_described) > 0
)

select
    cast(tupleElement(described, 1) as LowCardinality(String)) as platform,
    cast(tupleElement(described, 2) as String) as account_key,
    cast(tupleElement(described, 3) as String) as post_key,
    cast(comment_key as String) as comment_key,
    cast(tupleElement(described, 4) as Nullable(String)) as parent_comment_key,
    cast(tupleElement(described, 5) as Nullable(String)) as author_key,
    cast(tupleElement(described, 6) as Nullable(String)) as author_name,
    cast(tupleElement(described, 7) as Nullable(Bool)) as is_by_owner,
    cast(tupleElement(described, 8) as Nullable(DateTime64(6, 'UTC'))) as published_at,
    cast(tupleElement(described, 9) as Nullable(String)) as comment_text,
    cast(tupleElement(described, 10) as LowCardinality(Nullable(String))) as language,
    cast(tupleElement(described, 11) as Nullable(Int64)) as like_count,
    cast(tupleElement(described, 12) as Nullable(Int64)) as reply_count,
    cast(tupleElement(described, 13) as Nullable(Bool)) as is_hidden,
    cast(assumeNotNull(earliest_snapshot_date) as Date) as first_snapshot_date,
    cast(latest_snapshot_date as Date) as last_snapshot_date
from latest
{% if is_incremental() and months -%}
-- Of a month that is not replaced whole, no row may come.
where {{ comment_month('tupleElement(described, 8)') }} in ({{ months | join(', ') }})
{%- endif %}
