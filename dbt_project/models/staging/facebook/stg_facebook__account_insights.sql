select
    {{ conform('account_insights', 'facebook', [
        {
            'account_id': 'insights.account_id',
            'snapshot_date': 'insights.snapshot_date',
            'date': 'insights.date',
            'fetched_at': 'max(insights.fetched_at)',
            'reach_count': insight('page_total_media_view_unique'),
            'view_count': insight('page_media_view'),
            'profile_view_count': insight('page_views_total'),
            'gained_follower_count': insight('page_daily_follows_unique'),
            'lost_follower_count': insight('page_daily_unfollows_unique'),
            'engagement_count': insight('page_post_engagements'),
            'view_definition': "maxIf(insights.view_definition, insights.metric = 'page_media_view')",
        },
    ]) }}
from {{ ref('stg_facebook__page_insights') }} as insights
where
    insights.period = 'day'
    and insights.breakdown = ''
    and insights.metric in (
        'page_total_media_view_unique', 'page_media_view', 'page_views_total', 'page_daily_follows_unique',
        'page_daily_unfollows_unique', 'page_post_engagements'
    )
group by insights.snapshot_date, insights.account_id, insights.date
