select
    {{ conform('account_days', 'chirper', [
        {'account_id': 'user_id'}, 'snapshot_date', 'fetched_at', {'display_name': 'name'},
        {'account_created_at': 'created_at'}, 'follower_count',
    ]) }}
from {{ source('raw', 'chirper__users') }}
order by snapshot_date, account_id, fetched_at desc
limit 1 by snapshot_date, account_id
