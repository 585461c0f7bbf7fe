select
    {{ conform('account_insights', 'youtube', [
        {
            'account_id': 'insights.account_id',
            'snapshot_date': 'insights.snapshot_date',
            'date': 'insights.date',
            'fetched_at': 'max(insights.fetched_at)',
            'view_count': insight('views'),
            'gained_follower_count': insight('subscribersGained'),
            'lost_follower_count': insight('subscribersLost'),
            'engagement_count': interaction_count([insight('likes'), insight('comments'), insight('shares')]),
            'view_definition': "maxIf(insights.view_definition, insights.metric = 'views')",
        },
    ]) }}
from {{ ref('stg_youtube__channel_insights') }} as insights
where
    insights.period = 'day'
    and insights.breakdown = ''
    and insights.metric in (
        'views', 'subscribersGained', 'subscribersLost', 'likes',
        'comments', 'shares'
    )
group by insights.snapshot_date, insights.account_id, insights.date
