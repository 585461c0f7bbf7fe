{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='toYYYYMM(snapshot_date)',
        order_by='(account_key, snapshot_date)',
        query_settings={'max_block_size': 8192},
        pre_hook="{{ drop_unread_months(ref('fct_account_day'), after=70) }}",
    )
}}
{#- A reading is in the 56 days before the 7 days of an episode, and a change looks back 7 days at most. -#}
{%- set after = 70 -%}
{%- set figures = [
    'platform', 'account_key', 'snapshot_date', 'follower_count', 'log_growth', 'typical_log_growth',
    'spike_z', 'spike_n', 'is_spike', 'is_spike_explained', 'excess_followers', 'episode_excess_followers', 'round_lot_distance',
] -%}
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

readings as (
    select
        platform,
        account_key,
        snapshot_date,
        follower_count,
        -- some platforms show three digits of a count: then nothing smaller than a step can be seen
        intExp10(toInt32(greatest(length(toString(follower_count)) - 3, 0))) as digit_step
    from {{ ref('fct_account_day') }}
    where follower_count > 0 and {{ restated_window('snapshot_date', before=70, after=after) }}
),

neighbours as (
    select
        *,
        any(follower_count) over before_it as follower_count_before,
        any(snapshot_date) over before_it as date_before
    from readings
    window before_it as (
        partition by account_key order by snapshot_date rows between 1 preceding and 1 preceding
    )
),

-- A gap's change counts per day; after more than a week it says little of any one of its days.
changes as (
    select
        *,
        dateDiff('day', date_before, snapshot_date) as gap_days,
        if(gap_days <= 7, log(follower_count / follower_count_before) / gap_days, null) as log_growth
    from neighbours
),

histories as (
    select
        *,
        groupArray(log_growth) over trailing as past_changes,
        groupArray(if(log_growth is null, null, toDayOfWeek(snapshot_date))) over trailing as past_weekdays,
        min(follower_count % digit_step = 0) over trailing as was_rounded
    from changes
    window trailing as (
        partition by account_key order by snapshot_date range between 56 preceding and 1 preceding
    )
),

weekdays as (
    select
        *,
        {{ median_of('past_changes') }} as typical_log_growth,
        -- a weekday seen less than three times borrows from all days
        arrayMap(
            weekday -> if(
                countEqual(past_weekdays, weekday) >= 3,
                {{ median_of('arrayFilter((change, day) -> day = weekday, past_changes, past_weekdays)') }},
                typical_log_growth
            ),
            range(1, 8)
        ) as weekday_changes,
        toFloat64(if(coalesce(was_rounded, 0) = 1 and follower_count % digit_step = 0, digit_step, 1)) as counter_step
    from histories
),

deviations as (
    select
        *,
        arrayMap((change, day) -> change - weekday_changes[day], past_changes, past_weekdays) as past_deviations,
        {{ median_of('past_deviations') }} as typical_deviation,
        weekday_changes[toDayOfWeek(snapshot_date)] + typical_deviation as expected_log_growth,
        greatest(
            {{ robust_spread('past_deviations', 'typical_deviation') }}, counter_step / follower_count
        ) as spread
    from weekdays
),

scores as (
    select
        account_key,
        snapshot_date,
        follower_count,
        log_growth,
        if(empty(past_changes), null, typical_log_growth) as typical_log_growth,
        counter_step,
        length(past_changes) as spike_n,
        {{ signal_minimums() }} as minimums,
        {{ known_signal('spike', '(log_growth - expected_log_growth) / spread', 'spike_n') }} as spike_z,
        spike_z > {{ reason_threshold('UNEXPLAINED_SPIKE') }} as is_spike,
        if(
            spike_z is null,
            null,
            follower_count - follower_count_before * exp(expected_log_growth * gap_days)
        ) as excess_followers
    from deviations
),

-- A lot comes in one to three days, each of them a spike: what counts is their sum.
episodes as (
    select
        *,
        max(if(coalesce(is_spike, false), null, snapshot_date)) over (
            partition by account_key order by snapshot_date rows between unbounded preceding and current row
        ) as calm_date
    from scores
),

lots as (
    select
        *,
        if(is_spike, sumIf(excess_followers, is_spike) over episode, null) as episode_excess_followers,
        arrayFilter(
            lot -> lot >= 100 * counter_step,
            arrayConcat([500], arrayFlatten(arrayMap(power -> [1., 2.5, 5.] * intExp10(power), range(3, 7))))
        ) as visible_lots
    from episodes
    window episode as (
        partition by account_key, calm_date order by snapshot_date range between 6 preceding and current row
    )
),

-- Posts of age 1 day, each against those that the account published in the 90 days up to it. Views are of
-- the moment of the reading; reach may lag, so that at this age it misses most of what a post has brought.
posts as (
    select
        account_key,
        published_date,
        multiIf(
            count(view_count) over season >= 8 and view_count is not null,
            view_count >= quantileExactInclusive(0.95)(view_count) over season, -- noqa: LT01
            count(reach_count) over season >= 8 and reach_count is not null,
            reach_count >= quantileExactInclusive(0.95)(reach_count) over season, -- noqa: LT01
            null
        ) as is_top
    from {{ ref('fct_post_milestone') }}
    where age_days = 1 and {{ restated_window('published_date', before=92, after=after) }}
    window season as (
        partition by account_key order by published_date range between 89 preceding and current row
    )
),

explanations as (
    select
        account_key,
        published_date + arrayJoin([0, 1, 2]) as snapshot_date,
        max(is_top) as has_top_post,
        count(is_top) as judged_posts
    from posts
    group by account_key, snapshot_date
),

publications as (
    select
        account_key,
        snapshot_date + arrayJoin([0, 1, 2]) as near_date,
        sum(new_post_count) as new_posts,
        max(new_post_count is null) as has_unknown_posts
    from {{ ref('fct_account_post_day') }}
    where new_post_count is distinct from 0 and {{ restated_window('snapshot_date', before=2, after=after) }}
    group by account_key, near_date
),

spikes as (
    select
        lots.account_key as account_key,
        lots.snapshot_date as snapshot_date,
        lots.log_growth as log_growth,
        lots.typical_log_growth as typical_log_growth,
        lots.spike_z as spike_z,
        lots.spike_n as spike_n,
        lots.is_spike as is_spike,
        lots.excess_followers as excess_followers,
        lots.episode_excess_followers as episode_excess_followers,
        -- not known while a post published with the spike has no first day of its own
        multiIf(
            not coalesce(lots.is_spike, false), null,
            explanations.has_top_post = 1, true,
            publications.has_unknown_posts = 1, null,
            coalesce(publications.new_posts, 0) > coalesce(explanations.judged_posts, 0), null,
            false
        ) as is_spike_explained,
        if(
            notEmpty(lots.visible_lots),
            arrayMin(arrayMap(lot -> abs(lots.episode_excess_followers / lot - 1), lots.visible_lots)),
            null
        ) as round_lot_distance
    from lots
    left join explanations
        on lots.account_key = explanations.account_key and lots.snapshot_date = explanations.snapshot_date
    left join publications
        on lots.account_key = publications.account_key and lots.snapshot_date = publications.near_date
),

-- An account that hides its followers has its rows too, of which nothing is known.
account_days as (
    select
        listed.platform as platform,
        listed.account_key as account_key,
        listed.snapshot_date as snapshot_date,
        listed.follower_count as follower_count,
        spikes.log_growth as log_growth,
        spikes.typical_log_growth as typical_log_growth,
        spikes.spike_z as spike_z,
        coalesce(spikes.spike_n, 0) as spike_n,
        spikes.is_spike as is_spike,
        spikes.is_spike_explained as is_spike_explained,
        spikes.excess_followers as excess_followers,
        spikes.episode_excess_followers as episode_excess_followers,
        spikes.round_lot_distance as round_lot_distance
    from {{ ref('fct_account_day') }} as listed
    left join spikes
        on listed.account_key = spikes.account_key and listed.snapshot_date = spikes.snapshot_date
    where {{ restated_window('listed.snapshot_date', after=after) }}
    {% if is_incremental() -%}
    union all
    select * from ({{ carried_months(figures, after=after) }})
    {%- endif %}
)

select
    cast(account_days.platform as LowCardinality(String)) as platform,
    cast(account_days.account_key as String) as account_key,
    cast(accounts.account_id as String) as account_id,
    cast(accounts.creator_id as Nullable(String)) as creator_id,
    cast(accounts.handle as Nullable(String)) as handle,
    cast(accounts.display_name as Nullable(String)) as display_name,
    cast(account_days.snapshot_date as Date) as snapshot_date,
    cast(account_days.follower_count as Nullable(Int64)) as follower_count,
    cast(account_days.log_growth as Nullable(Float64)) as log_growth,
    cast(account_days.typical_log_growth as Nullable(Float64)) as typical_log_growth,
    cast(account_days.spike_z as Nullable(Float64)) as spike_z,
    cast(account_days.spike_n as Int64) as spike_n,
    cast(account_days.is_spike as Nullable(Bool)) as is_spike,
    cast(account_days.is_spike_explained as Nullable(Bool)) as is_spike_explained,
    cast(account_days.excess_followers as Nullable(Float64)) as excess_followers,
    cast(account_days.episode_excess_followers as Nullable(Float64)) as episode_excess_followers,
    cast(account_days.round_lot_distance as Nullable(Float64)) as round_lot_distance
from account_days
inner join {{ ref('dim_account') }} as accounts on account_days.account_key = accounts.account_key
