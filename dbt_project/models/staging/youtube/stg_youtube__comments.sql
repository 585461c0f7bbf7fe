with
comments as (
    select
        account_id,
        post_id,
        comment_id,
        snapshot_date,
        fetched_at,
        null as parent_comment_id,
        author_id,
        author_name,
        comment_text,
        language,
        like_count,
        reply_count,
        published_at,
        not is_public as is_hidden
    from {{ ref('stg_youtube__comment_threads') }}
    union all
    select
        account_id,
        post_id,
        comment_id,
        snapshot_date,
        fetched_at,
        parent_comment_id,
        author_id,
        author_name,
        comment_text,
        language,
        like_count,
        null as reply_count,
        published_at,
        null as is_hidden
    from {{ ref('stg_youtube__comment_replies') }}
)

select
    {{ conform('comments', 'youtube', [
        'account_id', {'post_id': 'assumeNotNull(comments.post_id)'}, 'comment_id', 'snapshot_date',
        'fetched_at', 'parent_comment_id', 'author_id', 'author_name',
        {'is_by_owner': 'author_id = account_id'}, 'comment_text', 'language', 'like_count',
        'reply_count', 'published_at', 'is_hidden',
    ]) }}
from comments
where comments.post_id is not null
