{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='tuple()',
        order_by='(account_key, post_key)',
    )
}}
{%- set read_columns = [
    'platform', 'account_key', 'post_key', 'post_id', 'published_at', 'title', 'description',
    'duration_seconds', 'share_url', 'cover_image_url', 'category_id', 'language',
    'privacy_status', 'is_made_for_kids', 'has_synthetic_media', 'has_paid_product_placement',
    'last_snapshot_date',
] %}
with
readings as (
    select
        platform,
        {{ platform_key('tiktok', 'account_id') }} as account_key,
        {{ platform_key('tiktok', 'post_id') }} as post_key,
        post_id,
        published_at,
        title,
        description,
        duration_seconds,
        share_url,
        cover_image_url,
        cast(null as Nullable(String)) as category_id,
        cast(null as Nullable(String)) as language,
        cast(null as Nullable(String)) as privacy_status,
        cast(null as Nullable(Bool)) as is_made_for_kids,
        cast(null as Nullable(Bool)) as has_synthetic_media,
        cast(null as Nullable(Bool)) as has_paid_product_placement,
        snapshot_date as last_snapshot_date
    from {{ ref('stg_tiktok__videos') }}
    union all
    select
        platform,
        {{ platform_key('youtube', 'account_id') }} as account_key,
        {{ platform_key('youtube', 'post_id') }} as post_key,
        post_id,
        published_at,
        title,
        description,
        duration_seconds,
        cast(null as Nullable(String)) as share_url,
        cast(null as Nullable(String)) as cover_image_url,
        category_id,
        language,
        privacy_status,
        is_made_for_kids,
        has_synthetic_media,
        has_paid_product_placement,
        snapshot_date as last_snapshot_date
    from {{ ref('stg_youtube__videos') }}
),

latest as (
    {{ latest_reading('readings', 'post_key', read_columns) }}
)

select
    cast(platform as LowCardinality(String)) as platform,
    cast(account_key as String) as account_key,
    cast(post_key as String) as post_key,
    cast(post_id as String) as post_id,
    cast(published_at as Nullable(DateTime64(6, 'UTC'))) as published_at,
    cast(title as Nullable(String)) as title,
    cast(description as Nullable(String)) as description,
    cast(duration_seconds as Nullable(Int64)) as duration_seconds,
    cast(share_url as Nullable(String)) as share_url,
    cast(cover_image_url as Nullable(String)) as cover_image_url,
    cast(category_id as Nullable(String)) as category_id,
    cast(language as Nullable(String)) as language,
    cast(privacy_status as Nullable(String)) as privacy_status,
    cast(is_made_for_kids as Nullable(Bool)) as is_made_for_kids,
    cast(has_synthetic_media as Nullable(Bool)) as has_synthetic_media,
    cast(has_paid_product_placement as Nullable(Bool)) as has_paid_product_placement,
    cast(last_snapshot_date as Date) as last_snapshot_date
from latest
