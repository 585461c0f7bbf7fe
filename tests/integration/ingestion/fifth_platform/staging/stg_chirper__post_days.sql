select
    {{ conform('post_days', 'chirper', [
        {'account_id': 'user_id', 'post_id': 'id'}, 'snapshot_date', 'fetched_at',
        {'published_at': 'posted_at'}, 'view_count', 'like_count',
        {'interaction_count': interaction_count(['like_count'])},
    ]) }}
from {{ ref('stg_chirper__chirps') }}
