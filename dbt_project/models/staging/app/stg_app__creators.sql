select
    cast(creator_id as String) as creator_id,
    cast(display_name as Nullable(String)) as display_name,
    cast(created_at as Nullable(DateTime64(6, 'UTC'))) as created_at
from {{ source('raw', 'app__creators') }}
order by creator_id, created_at desc
limit 1 by creator_id
