select
    {{ conform('account_days', 'instagram', [
        'account_id', 'snapshot_date', 'fetched_at', 'handle', 'display_name', 'description',
        {'profile_url': "concat('https://www.instagram.com/', handle, '/')"},
        'avatar_url', 'follower_count', 'following_count', 'lifetime_post_count',
    ]) }}
from {{ ref('stg_instagram__accounts') }}
