-- Who followed and who left stands in a stream of its own.
with
insights as (
    select
        snapshot_date,
        account_id,
        date,
        fetched_at,
        metric,
        segment,
        value,
        view_definition
    from {{ ref('stg_instagram__account_metrics') }}
    where
        period = 'day'
        and breakdown = ''
        and metric in ('reach', 'views', 'profile_views', 'total_interactions', 'accounts_engaged')
    union all
    select
        snapshot_date,
        account_id,
        date,
        fetched_at,
        metric,
        segment,
        value,
        view_definition
    from {{ ref('stg_instagram__follower_changes') }}
    where period = 'day' and breakdown = 'follow_type' and metric = 'follows_and_unfollows'
)

select
    {{ conform('account_insights', 'instagram', [
        {
            'account_id': 'insights.account_id',
            'snapshot_date': 'insights.snapshot_date',
            'date': 'insights.date',
            'fetched_at': 'max(insights.fetched_at)',
            'reach_count': insight('reach'),
            'view_count': insight('views'),
            'profile_view_count': insight('profile_views'),
            'gained_follower_count': insight('follows_and_unfollows', 'FOLLOWER'),
            'lost_follower_count': insight('follows_and_unfollows', 'NON_FOLLOWER'),
            'engagement_count': insight('total_interactions'),
            'engaged_account_count': insight('accounts_engaged'),
            'view_definition': "maxIf(insights.view_definition, insights.metric = 'views')",
        },
    ]) }}
from insights
group by insights.snapshot_date, insights.account_id, insights.date
