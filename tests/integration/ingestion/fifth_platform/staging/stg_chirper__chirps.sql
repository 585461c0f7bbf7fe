select *
from {{ source('raw', 'chirper__chirps') }}
order by snapshot_date, user_id, id, fetched_at desc
limit 1 by snapshot_date, user_id, id
