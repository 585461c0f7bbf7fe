select
    {{ conform('account_days', 'tiktok', [
        'account_id', 'snapshot_date', 'fetched_at', 'handle', 'display_name', 'description',
        'profile_url', 'avatar_url', 'is_verified', 'follower_count', 'following_count',
        'lifetime_like_count', 'lifetime_post_count',
    ]) }}
from {{ ref('stg_tiktok__users') }}
