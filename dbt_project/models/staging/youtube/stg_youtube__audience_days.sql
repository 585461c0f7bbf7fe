-- Ages and genders are given together alone: those of one are summed over the other.
with
viewers as (
    select
        account_id,
        snapshot_date,
        fetched_at,
        replaceOne(replaceOne(splitByChar(',', segment)[1], 'age', ''), '65-', '65+') as age,
        transform(splitByChar(',', segment)[2], ['female', 'male'], ['female', 'male'], 'other') as gender,
        value / 100 as viewer_share
    from {{ ref('stg_youtube__demographics') }}
    where metric = 'viewerPercentage' and breakdown = 'ageGroup,gender'
),

shares as (
    select
        account_id,
        snapshot_date,
        max(fetched_at) as fetched_at,
        tupleElement(cut, 1) as dimension,
        tupleElement(cut, 2) as segment,
        sum(viewer_share) as share
    from viewers
    array join [('age_gender', concat(age, '/', gender)), ('age', age), ('gender', gender)] as cut
    group by snapshot_date, account_id, dimension, segment
),

segments as (
    select
        account_id,
        snapshot_date,
        fetched_at,
        dimension,
        segment,
        null as audience_count,
        share
    from shares
    union all
    select
        account_id,
        snapshot_date,
        fetched_at,
        breakdown as dimension,
        segment,
        value as audience_count,
        null as share
    from {{ ref('stg_youtube__geography') }}
    where metric = 'views' and breakdown = 'country'
)

select
    {{ conform('audience_days', 'youtube', [
        'account_id', 'snapshot_date', 'fetched_at', {'audience': "'viewer'"}, 'dimension',
        'segment', 'audience_count', 'share',
    ]) }}
from segments
