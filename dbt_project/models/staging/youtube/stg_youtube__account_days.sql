select
    {{ conform('account_days', 'youtube', [
        'account_id', 'snapshot_date', 'fetched_at', 'handle', 'display_name', 'description',
        {'profile_url': "concat('https://www.youtube.com/channel/', account_id)"},
        'avatar_url', 'country', 'account_created_at',
        {'follower_count': 'if(channels.is_follower_count_hidden, null, channels.follower_count)'},
        'is_follower_count_hidden', 'lifetime_view_count', 'lifetime_post_count',
        'community_guidelines_good_standing', 'copyright_strikes_good_standing',
        'content_id_claims_good_standing',
    ]) }}
-- A channel that hides its subscribers may still report a number: it is not the count.
from {{ ref('stg_youtube__channels') }} as channels
