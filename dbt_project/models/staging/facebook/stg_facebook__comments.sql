select
    {{ conform('comments', 'facebook', [
        'account_id', {'post_id': 'assumeNotNull(comments.post_id)'}, 'comment_id', 'snapshot_date',
        'fetched_at', 'parent_comment_id', 'author_id', 'author_name',
        {'is_by_owner': 'author_id = account_id'}, 'comment_text', 'language', 'like_count',
        'reply_count', 'published_at', 'is_hidden',
    ]) }}
from {{ ref('stg_facebook__post_comments') }} as comments
where comments.post_id is not null
