select
    {{ conform('account_insights', 'chirper', [
        {
            'account_id': 'insights.account_id',
            'snapshot_date': 'insights.snapshot_date',
            'date': 'insights.date',
            'fetched_at': 'max(insights.fetched_at)',
            'view_count': insight('views'),
        },
    ]) }}
from {{ ref('stg_chirper__account_metrics') }} as insights
where insights.metric = 'views'
group by insights.snapshot_date, insights.account_id, insights.date
