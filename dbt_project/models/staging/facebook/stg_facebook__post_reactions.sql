select
    cast('facebook' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(page_id as String) as account_id,
    cast(post_id as String) as post_id,
    cast(reaction_type as String) as reaction_type,
    cast(reaction_count as Nullable(Int64)) as reaction_count
from {{ source('raw', 'facebook__post_reactions') }}
order by snapshot_date, account_id, post_id, reaction_type, fetched_at desc, reaction_count desc
limit 1 by snapshot_date, account_id, post_id, reaction_type
