select
    {{ conform('account_insights', 'tiktok', [
        {
            'account_id': 'insights.account_id',
            'snapshot_date': 'insights.snapshot_date',
            'date': 'insights.date',
            'fetched_at': 'max(insights.fetched_at)',
            'reach_count': insight('unique_video_views'),
            'view_count': insight('video_views'),
            'profile_view_count': insight('profile_views'),
            'gained_follower_count': insight('daily_new_followers'),
            'lost_follower_count': insight('daily_lost_followers'),
            'engagement_count': interaction_count([insight('likes'), insight('comments'), insight('shares')]),
            'engaged_account_count': insight('engaged_audience'),
            'view_definition': "maxIf(insights.view_definition, insights.metric = 'video_views')",
        },
    ]) }}
from {{ ref('stg_tiktok__account_metrics') }} as insights
where
    insights.period = 'day'
    and insights.breakdown = ''
    and insights.metric in (
        'unique_video_views', 'video_views', 'profile_views', 'daily_new_followers',
        'daily_lost_followers', 'likes', 'comments', 'shares',
        'engaged_audience'
    )
group by insights.snapshot_date, insights.account_id, insights.date
