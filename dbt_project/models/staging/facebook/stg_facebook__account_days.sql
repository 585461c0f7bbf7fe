select
    {{ conform('account_days', 'facebook', [
        'account_id', 'snapshot_date', 'fetched_at', 'handle', 'display_name', 'description',
        'profile_url', 'category', 'is_verified', 'follower_count',
    ]) }}
from {{ ref('stg_facebook__pages') }}
