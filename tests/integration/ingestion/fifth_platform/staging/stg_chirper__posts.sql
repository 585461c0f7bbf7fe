select
    {{ conform('posts', 'chirper', [
        {'account_id': 'user_id', 'post_id': 'id'}, 'snapshot_date', {'published_at': 'posted_at'},
        {'post_format': "'text'", 'title': 'text', 'description': 'text'},
    ]) }}
from {{ ref('stg_chirper__chirps') }}
