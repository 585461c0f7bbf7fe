{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='toYYYYMM(snapshot_date)',
        order_by='(account_key, snapshot_date)',
        query_settings={'max_block_size': 8192},
        pre_hook="{{ drop_unread_months(ref('fct_account_day'), after=164) }}",
    )
}}
{#- A spike is seen for 90 days and looks at 7 before it; spikes of the 70 days after a run may change. -#}
{%- set before, after = 97, 164 -%}
{%- set signals = [
    'spike', 'round_lot', 'spike_decay', 'sawtooth', 'engagement_residual', 'decoupling', 'likes_spread',
    'comment_like', 'velocity', 'comment_quality', 'pod', 'geography', 'benford',
] -%}
{%- set measures = [
    'unexplained_spike_value', 'spike_decay_60_share', 'following_churn', 'follower_churn', 'liked_beyond_views_share',
    'near_duplicate_comment_share', 'comment_language_mismatch_share', 'pod_size', 'pod_lift', 'pod_early_share',
] -%}
{%- set figures = [
    'platform', 'account_key', 'snapshot_date', 'follower_count', 'follower_tier', 'is_spike_explained',
] -%}
{%- do figures.extend(signal_columns(signals) + measures) -%}
with
{% if is_incremental() -%}
relabelled as (
    {{ relabelled_accounts({
        'creator_id': 'accounts.creator_id',
        'handle': 'accounts.handle',
        'display_name': 'accounts.display_name',
    }) }}
),
{%- endif %}

speakers as (
    select
        country,
        groupArray(language) as languages
    from {{ ref('country_language') }}
    where version = (select max(version) from {{ ref('country_language') }})
    group by country
),

-- Followers; of a platform that does not say where these live, viewers.
audiences as (
    select
        readings.account_key as account_key,
        readings.snapshot_date as snapshot_date,
        readings.audience as audience,
        sum(readings.audience_count) as located_count,
        sum(readings.share) as located_share,
        sum(if(has(speakers.languages, assumeNotNull(qualities.content_language)), readings.share, 0)) as home_share
    from {{ ref('fct_audience_day') }} as readings
    inner join {{ ref('mart_fraud__comment_quality') }} as qualities
        on readings.account_key = qualities.account_key and readings.snapshot_date = qualities.snapshot_date
    left join speakers on readings.segment = speakers.country
    where
        readings.dimension = 'country'
        and readings.audience in ('follower', 'viewer')
        and qualities.content_language is not null
        -- of the last 28 days the latest tells
        and {{ restated_window('readings.snapshot_date', before=27, after=after) }}
        and {{ restated_window('qualities.snapshot_date', before=27, after=after) }}
    group by account_key, snapshot_date, audience
    having located_share > 0
    order by account_key, snapshot_date, audience
    limit 1 by account_key, snapshot_date
),

-- What tells of its own day or week alone.
qualities as (
    select *
    from {{ ref('mart_fraud__comment_quality') }}
    where {{ restated_window('snapshot_date', after=after) }}
),

pods as (
    select *
    from {{ ref('mart_fraud__pod') }}
    where {{ restated_window('snapshot_date', before=6, after=after) }}
),

reactions as (
    select *
    from {{ ref('mart_fraud__post_reaction') }}
    where {{ restated_window('snapshot_date', after=after) }}
),

account_days as (
    select
        listed.platform as platform,
        listed.account_key as account_key,
        listed.snapshot_date as snapshot_date,
        listed.follower_count as follower_count,
        listed.following_count as following_count,
        listed.gained_follower_count as gained,
        listed.lost_follower_count as lost,
        log(nullIf(toFloat64(listed.reach_count), 0)) as log_reach,
        log(nullIf(toFloat64(listed.view_count), 0)) as log_views,
        log(nullIf(toFloat64(listed.follower_count), 0)) as log_followers,
        spikes.spike_z as spike_z,
        spikes.spike_n as spike_n,
        spikes.is_spike as is_spike,
        spikes.is_spike_explained as is_spike_explained,
        spikes.typical_log_growth as typical_log_growth,
        spikes.round_lot_distance as round_lot_distance,
        totals.recent_like_p10 as like_p10,
        totals.recent_like_p50 as like_p50,
        totals.recent_like_p90 as like_p90,
        totals.recent_like_count as recent_likes,
        totals.recent_comment_count as recent_comments,
        totals.recent_liked_post_count as liked_posts,
        totals.recent_liked_commented_post_count as liked_commented_posts,
        totals.recent_liked_viewed_post_count as liked_viewed_posts,
        totals.liked_beyond_views_post_count as liked_beyond_views,
        arrayFilter(
            number -> number > 0,
            [
                coalesce(listed.gained_follower_count, 0),
                coalesce(listed.lost_follower_count, 0),
                coalesce(listed.reach_count, 0),
                coalesce(totals.view_delta, 0),
                coalesce(totals.like_delta, 0),
                coalesce(totals.comment_delta, 0),
                coalesce(totals.share_delta, 0)
            ]
        ) as counted_numbers,
        qualities.comment_quality_n as comment_n,
        qualities.hollow_comment_share as hollow_comment_share,
        qualities.near_duplicate_comment_share as near_duplicate_comment_share,
        qualities.comment_language_n as comment_language_n,
        qualities.comment_language_mismatch_share as language_mismatch_share,
        pods.pod_posts as pod_posts,
        pods.pod_comment_share as pod_comment_share,
        pods.pod_size as pod_size,
        pods.pod_lift as pod_lift,
        pods.pod_early_share as pod_early_share,
        audiences.located_count as located_count,
        -- a sum of shares depends on their order in its last digits, a percentile must not
        round(audiences.home_share / audiences.located_share, 12) as home_share,
        reactions.typical_residual as typical_residual,
        reactions.engagement_residual_n as engagement_residual_n,
        reactions.typical_first_day_share as typical_first_day_share,
        reactions.velocity_n as velocity_n
    from {{ ref('fct_account_day') }} as listed
    left join {{ ref('mart_fraud__follower_spike') }} as spikes
        on listed.account_key = spikes.account_key and listed.snapshot_date = spikes.snapshot_date
    left join {{ ref('fct_account_post_day') }} as totals
        on listed.account_key = totals.account_key and listed.snapshot_date = totals.snapshot_date
    left join qualities
        on listed.account_key = qualities.account_key and listed.snapshot_date = qualities.snapshot_date
    left join pods
        on listed.account_key = pods.account_key and toMonday(listed.snapshot_date) = pods.snapshot_date
    left join audiences
        on listed.account_key = audiences.account_key and listed.snapshot_date = audiences.snapshot_date
    left join reactions
        on listed.account_key = reactions.account_key and listed.snapshot_date = reactions.snapshot_date
    where {{ restated_window('listed.snapshot_date', before=before, after=after) }}
),

-- What stands around each day: readings, not rows, so a missing day moves nothing.
surroundings as (
    select
        *,
        coalesce(is_spike, false) and coalesce(max(is_spike) over before_3, false) = false as is_spike_start,
        argMax(follower_count, snapshot_date) over before_7 as followers_before,
        argMax(following_count, snapshot_date) over before_7 as following_before,
        max(follower_count) over after_3 as peak_followers,
        argMax(follower_count, snapshot_date) over after_30 as followers_30,
        argMax(follower_count, snapshot_date) over after_60 as followers_60,
        count(follower_count) over until_30 as readings_30,
        {{ median_over('log_followers', 'before_14') }} as usual_log_followers,
        {{ median_over('log_followers', 'after_16') }} as later_log_followers,
        {{ median_over('log_reach', 'before_14') }} as usual_log_reach,
        {{ median_over('log_reach', 'after_16') }} as later_log_reach,
        {{ median_over('log_views', 'before_14') }} as usual_log_views,
        {{ median_over('log_views', 'after_16') }} as later_log_views,
        least(count(log_reach) over before_14, count(log_reach) over after_16) as reach_n,
        least(count(log_views) over before_14, count(log_views) over after_16) as views_n,
        arrayMap(
            digit -> arrayCount(number -> startsWith(toString(number), toString(digit)), counted_numbers),
            range(1, 10)
        ) as digit_counts
    from account_days
    window
        before_3 as (partition by account_key order by snapshot_date range between 3 preceding and 1 preceding),
        before_7 as (partition by account_key order by snapshot_date range between 7 preceding and 1 preceding),
        before_14 as (partition by account_key order by snapshot_date range between 14 preceding and 1 preceding),
        after_3 as (partition by account_key order by snapshot_date range between current row and 3 following),
        after_16 as (partition by account_key order by snapshot_date range between 3 following and 16 following),
        after_30 as (partition by account_key order by snapshot_date range between 28 following and 30 following),
        until_30 as (partition by account_key order by snapshot_date range between current row and 30 following),
        after_60 as (partition by account_key order by snapshot_date range between 58 following and 60 following)
),

-- What became of the followers and the reach of each spike. The account's own drift is no loss.
spikes as (
    select
        *,
        if(
            is_spike_start and peak_followers >= 1.02 * followers_before,
            (peak_followers * exp(30 * typical_log_growth) - followers_30) / (peak_followers - followers_before),
            null
        ) as lost_30,
        if(
            is_spike_start and peak_followers >= 1.02 * followers_before,
            (peak_followers * exp(60 * typical_log_growth) - followers_60) / (peak_followers - followers_before),
            null
        ) as lost_60,
        -- a slope over a small step would be noise
        if(
            is_spike_start and later_log_followers - usual_log_followers >= 0.05,
            if(reach_n >= 7, later_log_reach - usual_log_reach, later_log_views - usual_log_views)
            / (later_log_followers - usual_log_followers),
            null
        ) as reach_slope,
        if(reach_n >= 7, reach_n, views_n) as slope_n,
        following_count - following_before as following_change,
        if(
            abs(following_change) >= greatest(10, 0.03 * following_before), sign(following_change), null
        ) as following_turn
    from surroundings
),

histories as (
    select
        *,
        argMaxIf(lost_30, snapshot_date, lost_30 is not null) over month_old as latest_lost_30,
        argMaxIf(readings_30, snapshot_date, lost_30 is not null) over month_old as latest_lost_n,
        argMaxIf(lost_60, snapshot_date, lost_60 is not null) over two_months_old as latest_lost_60,
        argMaxIf(reach_slope, snapshot_date, reach_slope is not null) over fortnight_old as latest_slope,
        argMaxIf(slope_n, snapshot_date, reach_slope is not null) over fortnight_old as latest_slope_n,
        groupArray(following_turn) over two_months as turns,
        count(following_change) over two_months as following_n,
        sum(greatest(following_change, 0)) over two_months as followed,
        sum(greatest(-following_change, 0)) over two_months as unfollowed,
        sumIf(gained, lost is not null) over month as gained_28,
        sumIf(lost, gained is not null) over month as lost_28,
        countIf(gained is not null and lost is not null) over month as churn_days,
        argMaxIf(
            (home_share, coalesce(located_count, follower_count, 0)), snapshot_date, home_share is not null
        ) over month as latest_audience,
        count(home_share) over month as audience_readings,
        sumForEach(digit_counts) over season as digits
    from spikes
    window
        month as (partition by account_key order by snapshot_date range between 27 preceding and current row),
        two_months as (partition by account_key order by snapshot_date range between 55 preceding and current row),
        season as (partition by account_key order by snapshot_date range between 89 preceding and current row),
        fortnight_old as (partition by account_key order by snapshot_date range between 60 preceding and 16 preceding),
        month_old as (partition by account_key order by snapshot_date range between 90 preceding and 30 preceding),
        two_months_old as (partition by account_key order by snapshot_date range between 90 preceding and 60 preceding)
),

counted as (
    select
        platform,
        account_key,
        snapshot_date,
        follower_count,
        {{ follower_tier('follower_count') }} as follower_tier,
        is_spike_explained,
        spike_z,
        round_lot_distance,
        coalesce(spike_n, 0) as spike_n,
        if(round_lot_distance is null, 0, spike_n) as round_lot_n,
        latest_lost_30,
        latest_lost_60,
        if(latest_lost_30 is null, 0, latest_lost_n) as spike_decay_n,
        arrayCount((turn, next_turn) -> turn != next_turn, arrayPopBack(turns), arrayPopFront(turns)) as turn_changes,
        following_n as sawtooth_n,
        {{ rate('unfollowed', 'followed') }} as following_churn,
        -- as churn of growth: 20 of the 28 days
        if(churn_days >= 20, {{ rate('lost_28', 'gained_28') }}, null) as follower_churn,
        typical_residual,
        coalesce(engagement_residual_n, 0) as engagement_residual_n,
        latest_slope,
        if(latest_slope is null, 0, latest_slope_n) as decoupling_n,
        {{ rate('like_p90 - like_p10', 'like_p50') }} as like_spread,
        coalesce(liked_posts, 0) as likes_spread_n,
        {{ rate('recent_comments', 'recent_likes') }} as comments_per_like,
        coalesce(liked_commented_posts, 0) as comment_like_n,
        {{ rate('liked_beyond_views', 'liked_viewed_posts') }} as liked_beyond_views_share,
        coalesce(liked_viewed_posts, 0) as liked_viewed_n,
        typical_first_day_share,
        coalesce(velocity_n, 0) as velocity_n,
        hollow_comment_share,
        coalesce(comment_n, 0) as comment_quality_n,
        near_duplicate_comment_share,
        if(comment_language_n >= comment_n / 4, language_mismatch_share, null) as language_mismatch_share,
        pod_comment_share,
        coalesce(pod_posts, 0) as pod_n,
        pod_size,
        pod_lift,
        pod_early_share,
        if(audience_readings = 0, null, tupleElement(latest_audience, 1)) as speaking_share,
        if(audience_readings = 0, 0, tupleElement(latest_audience, 2)) as geography_n,
        digits,
        arraySum(digits) as benford_n,
        {{ signal_minimums() }} as minimums
    from histories
    where {{ restated_window('snapshot_date', after=after) }}
),

valued as (
    select
        platform,
        account_key,
        snapshot_date,
        follower_count,
        follower_tier,
        is_spike_explained,
        {%- for signal in signals %}
        {{ signal }}_n,
        {%- endfor %}
        spike_z as spike_value,
        if(is_spike_explained = false, spike_z, null) as unexplained_spike_value,
        {{ known_signal('round_lot', 'round_lot_distance', 'round_lot_n') }} as round_lot_value,
        {{ known_signal('spike_decay', 'latest_lost_30', 'spike_decay_n') }} as spike_decay_value,
        {{ known_signal('spike_decay', 'latest_lost_60', 'spike_decay_n') }} as spike_decay_60_share,
        {{ known_signal('sawtooth', 'toFloat64(turn_changes)', 'sawtooth_n') }} as sawtooth_value,
        {{ known_signal('sawtooth', 'following_churn', 'sawtooth_n') }} as following_churn,
        follower_churn,
        {{ known_signal('engagement_residual', 'typical_residual', 'engagement_residual_n') }}
            as engagement_residual_value,
        {{ known_signal('decoupling', 'latest_slope', 'decoupling_n') }} as decoupling_value,
        {{ known_signal('likes_spread', 'like_spread', 'likes_spread_n') }} as likes_spread_value,
        {{ known_signal('comment_like', 'comments_per_like', 'comment_like_n') }} as comment_like_value,
        {{ known_signal('comment_like', 'liked_beyond_views_share', 'liked_viewed_n') }} as liked_beyond_views_share,
        {{ known_signal('velocity', 'typical_first_day_share', 'velocity_n') }} as velocity_value,
        {{ known_signal('comment_quality', 'hollow_comment_share', 'comment_quality_n') }} as comment_quality_value,
        {{ known_signal('comment_quality', 'near_duplicate_comment_share', 'comment_quality_n') }}
            as near_duplicate_comment_share,
        {{ known_signal('comment_quality', 'language_mismatch_share', 'comment_quality_n') }}
            as comment_language_mismatch_share,
        {{ known_signal('pod', 'pod_comment_share', 'pod_n') }} as pod_value,
        {{ known_signal('pod', 'pod_size', 'pod_n') }} as pod_size,
        {{ known_signal('pod', 'pod_lift', 'pod_n') }} as pod_lift,
        {{ known_signal('pod', 'pod_early_share', 'pod_n') }} as pod_early_share,
        {{ known_signal('geography', jensen_shannon_to_one('speaking_share'), 'geography_n') }} as geography_value,
        {{ known_signal('benford', benford_deviation('digits'), 'benford_n') }} as benford_value
    from counted
),

ranked as (
    select
        *,
        {%- for signal in signals %}
        {{ cohort_percentile(signal ~ '_value') }} as {{ signal }}_percentile,
        {%- endfor %}
        map(
            {%- for signal in signals %}
            '{{ signal }}_value', toNullable(toFloat64({{ signal }}_value)),
            {%- endfor %}
            {%- for measure in measures %}
            '{{ measure }}', toNullable(toFloat64({{ measure }})){{ ',' if not loop.last }}
            {%- endfor %}
        ) as measured
    from valued
),

coded as (
    select
        {%- for figure in figures %}
        {{ figure }},
        {%- endfor %}
        arraySort(
            arrayMap(
                rule -> tupleElement(rule, 1),
                arrayFilter(
                    rule -> coalesce(
                        multiIf(
                            tupleElement(rule, 3) = 'above', measured[tupleElement(rule, 2)] > tupleElement(rule, 4),
                            tupleElement(rule, 3) = 'below', measured[tupleElement(rule, 2)] < tupleElement(rule, 4),
                            false
                        ), false
                    ),
                    (select groupArray((code, measure, direction, threshold)) from {{ current_reason_codes() }})
                )
            )
        ) as reason_codes,
        {%- for signal in signals %}
        {{ '+ ' if not loop.first }}({{ signal }}_value is not null)
        {%- endfor %} as signal_count,
        (select max(version) from {{ ref('reason_code') }}) as reason_code_version
    from ranked
    {% if is_incremental() -%}
    union all
    select * from ({{ carried_months(figures + ['reason_codes', 'signal_count', 'reason_code_version'], after=after) }})
    {%- endif %}
)

select
    cast(coded.platform as LowCardinality(String)) as platform,
    cast(coded.account_key as String) as account_key,
    cast(accounts.account_id as String) as account_id,
    cast(accounts.creator_id as Nullable(String)) as creator_id,
    cast(accounts.handle as Nullable(String)) as handle,
    cast(accounts.display_name as Nullable(String)) as display_name,
    cast(coded.snapshot_date as Date) as snapshot_date,
    cast(coded.follower_count as Nullable(Int64)) as follower_count,
    cast(coded.follower_tier as Nullable(String)) as follower_tier,
    cast(coded.is_spike_explained as Nullable(Bool)) as is_spike_explained,
    {%- for signal in signals %}
    cast(coded.{{ signal }}_value as Nullable(Float64)) as {{ signal }}_value,
    cast(coded.{{ signal }}_n as Int64) as {{ signal }}_n,
    cast(coded.{{ signal }}_percentile as Nullable(Float64)) as {{ signal }}_percentile,
    {%- endfor %}
    {%- for measure in measures if measure != 'pod_size' %}
    cast(coded.{{ measure }} as Nullable(Float64)) as {{ measure }},
    {%- endfor %}
    cast(coded.pod_size as Nullable(Int64)) as pod_size,
    cast(coded.reason_codes as Array(String)) as reason_codes,
    cast(coded.signal_count as Int64) as signal_count,
    cast(coded.reason_code_version as UInt16) as reason_code_version
from coded
inner join {{ ref('dim_account') }} as accounts on coded.account_key = accounts.account_key
