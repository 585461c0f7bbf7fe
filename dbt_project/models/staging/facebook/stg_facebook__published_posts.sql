select
    cast('facebook' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(page_id as String) as account_id,
    cast(id as String) as post_id,
    cast(created_time as Nullable(DateTime64(6, 'UTC'))) as published_at,
    cast(
        multiIf(
            position(permalink_url, '/reel/') > 0, 'reel',
            attachments is null, 'text',
            transform(
                JSONExtractString(attachments, 1, 'media_type'),
                ['photo', 'album', 'video', 'link'],
                ['image', 'carousel', 'video', 'link'],
                'other'
            )
        ) as Nullable(String)
    ) as post_format,
    cast(message as Nullable(String)) as caption,
    cast(language as Nullable(String)) as language,
    cast(permalink_url as Nullable(String)) as share_url,
    cast(if(sponsor_tags is null, null, true) as Nullable(Bool)) as has_paid_product_placement,
    cast(reaction_count as Nullable(Int64)) as like_count,
    cast(comment_count as Nullable(Int64)) as comment_count,
    cast(share_count as Nullable(Int64)) as share_count
from {{ source('raw', 'facebook__posts') }}
order by snapshot_date, account_id, post_id, fetched_at desc, like_count desc, comment_count desc
limit 1 by snapshot_date, account_id, post_id
