select
    cast(connection_id as String) as connection_id,
    cast(creator_id as String) as creator_id,
    cast(platform as LowCardinality(String)) as platform,
    cast(account_id as String) as account_id,
    cast(handle as Nullable(String)) as handle,
    cast(connected_at as Nullable(DateTime64(6, 'UTC'))) as connected_at,
    cast(status as Nullable(String)) as connection_status,
    cast(scopes as Nullable(String)) as scopes
from {{ source('raw', 'app__connections') }}
order by connection_id, connected_at desc
limit 1 by connection_id
