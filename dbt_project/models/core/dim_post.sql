{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='tuple()',
        order_by='(account_key, post_key)',
        indexes=[{'name': 'by_last_reading', 'definition': 'last_snapshot_date type minmax granularity 1'}],
    )
}}
{%- set attributes = [
    'published_at', 'post_format', 'title', 'description', 'language', 'duration_seconds',
    'share_url', 'cover_image_url', 'category_id', 'privacy_status', 'is_made_for_kids',
    'has_synthetic_media', 'has_paid_product_placement',
] %}
-- What a post is may be read less often than its counters: each has its own latest reading.
with
posts as (
    {{ every_platform('posts') }}
),

listings as (
    select
        platform,
        account_key,
        post_key,
        snapshot_date as last_snapshot_date
    from {{ ref('fct_post_day') }}
),

details as (
    select
        *,
        {{ platform_key('post_id') }} as post_key,
        snapshot_date as details_snapshot_date
    from posts
),

latest_listing as (
    {{ latest_reading(
        'listings', 'post_key', ['platform', 'account_key', 'post_key', 'last_snapshot_date']
    ) }}
),

latest_details as (
    {{ latest_reading(
        'details', 'post_key', ['post_key', 'details_snapshot_date'] + attributes,
        date='details_snapshot_date', wanted='listings', texts=true
    ) }}
)

select
    cast(latest_listing.platform as LowCardinality(String)) as platform,
    cast(latest_listing.account_key as String) as account_key,
    cast(latest_listing.post_key as String) as post_key,
    cast(substring(latest_listing.post_key, length(latest_listing.platform) + 2) as String) as post_id,
    cast(latest_details.published_at as Nullable(DateTime64(6, 'UTC'))) as published_at,
    cast(latest_details.post_format as Nullable(String)) as post_format,
    cast(latest_details.title as Nullable(String)) as title,
    cast(latest_details.description as Nullable(String)) as description,
    cast(latest_details.language as Nullable(String)) as language,
    cast(latest_details.duration_seconds as Nullable(Int64)) as duration_seconds,
    cast(latest_details.share_url as Nullable(String)) as share_url,
    cast(latest_details.cover_image_url as Nullable(String)) as cover_image_url,
    cast(latest_details.category_id as Nullable(String)) as category_id,
    cast(latest_details.privacy_status as Nullable(String)) as privacy_status,
    cast(latest_details.is_made_for_kids as Nullable(Bool)) as is_made_for_kids,
    cast(latest_details.has_synthetic_media as Nullable(Bool)) as has_synthetic_media,
    cast(latest_details.has_paid_product_placement as Nullable(Bool)) as has_paid_product_placement,
    cast(latest_details.has_paid_product_placement as Nullable(Bool)) as is_sponsored,
    cast(latest_listing.last_snapshot_date as Date) as last_snapshot_date,
    cast(latest_details.details_snapshot_date as Nullable(Date)) as details_snapshot_date
from latest_listing
left join latest_details on latest_listing.post_key = latest_details.post_key
