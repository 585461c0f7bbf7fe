{{ config(order_by='(platform, account_key, stream, snapshot_date)') }}
-- Rebuilt whole from the last 30 days of attempts, however long the history is.
with
outcomes as (
    select *
    from {{ source('ops', 'ingestion_outcome') }}
    where snapshot_date > (select max(snapshot_date) - 30 from {{ source('ops', 'ingestion_outcome') }})
),

days as (
    select
        platform,
        account_id,
        stream,
        snapshot_date,
        countIf(status != 'skipped') as attempt_count,
        countIf(status in ('failed', 'unloaded')) as failed_attempt_count,
        countIf(status = 'skipped') as skip_count,
        max(started_at) as last_attempt_at,
        max(if(status in ('ok', 'empty'), finished_at, null)) as success_at,
        argMaxIf(
            tuple(status, error_class, error_message), tuple(started_at, run_id), status != 'skipped'
        ) as last_attempt,
        -- What an attempt skipped is told beside it, under the same time.
        max(if(status = 'skipped', started_at, null)) as last_skip_at,
        argMaxIf(
            tuple(error_class, error_message),
            tuple(started_at, run_id, coalesce(error_class, '')),
            status = 'skipped'
        ) as last_skip,
        sumIf(row_count, status in ('ok', 'empty')) as row_count,
        sum(call_count) as call_count,
        sum(quota_units) as quota_unit_count,
        sumIf(duration_seconds, status != 'skipped') as read_seconds
    from outcomes
    group by platform, account_id, stream, snapshot_date
),

histories as (
    select
        *,
        max(success_at) over (
            partition by platform, account_id, stream
            order by snapshot_date
            rows between unbounded preceding and current row
        ) as last_success_at,
        snapshot_date = max(snapshot_date) over (partition by platform, account_id, stream) as is_latest,
        tupleElement(last_attempt, 1) in ('ok', 'empty') and last_skip_at = last_attempt_at as has_skipped
    from days
),

states as (
    select
        *,
        {{ platform_key('account_id') }} as account_key,
        if(has_skipped, 'skipped', tupleElement(last_attempt, 1)) as attempt_status,
        if(has_skipped, tupleElement(last_skip, 1), tupleElement(last_attempt, 2)) as error_class,
        if(has_skipped, tupleElement(last_skip, 2), tupleElement(last_attempt, 3)) as error_message,
        -- A past day is told as it stood at its end, the latest as it stands. A day that was read after its
        -- end had no success of its own by then.
        if(is_latest, {{ built_at() }}, least({{ built_at() }}, toDateTime64(snapshot_date + 1, 6, 'UTC'))) as told_at,
        if(last_success_at > told_at, null, dateDiff('second', last_success_at, told_at) / 3600)
            as hours_since_success
    from histories
),

connections as (
    select
        platform,
        account_id,
        creator_id,
        handle,
        connection_status
    from {{ ref('stg_app__connections') }}
    order by platform, account_id, connected_at desc, connection_id desc
    limit 1 by platform, account_id
)

select
    cast(states.platform as LowCardinality(String)) as platform,
    cast(states.account_key as String) as account_key,
    cast(states.account_id as String) as account_id,
    -- An account that was never read is in no dimension: its connection says whose it is.
    cast(connections.creator_id as Nullable(String)) as creator_id,
    cast(coalesce(accounts.handle, connections.handle) as Nullable(String)) as handle,
    cast(accounts.display_name as Nullable(String)) as display_name,
    cast(states.stream as LowCardinality(String)) as stream,
    cast(states.snapshot_date as Date) as snapshot_date,
    cast(states.is_latest as Bool) as is_latest,
    cast(states.attempt_status as LowCardinality(String)) as attempt_status,
    cast(states.error_class as Nullable(String)) as error_class,
    cast(states.error_message as Nullable(String)) as error_message,
    cast(remedies.problem as Nullable(String)) as problem,
    cast(
        if(states.error_class is null, null, coalesce(remedies.remedy, 'See the message.'))
        as Nullable(String)
    ) as remedy,
    cast(states.attempt_count as Int64) as attempt_count,
    cast(states.failed_attempt_count as Int64) as failed_attempt_count,
    cast(states.skip_count as Int64) as skip_count,
    cast(states.last_attempt_at as DateTime64(6, 'UTC')) as last_attempt_at,
    cast(states.last_success_at as Nullable(DateTime64(6, 'UTC'))) as last_success_at,
    cast(states.hours_since_success as Nullable(Float64)) as hours_since_success,
    cast(
        coalesce(connections.connection_status != 'revoked', true)
        and (states.stream in {{ daily_streams() }} or states.attempt_status in ('failed', 'unloaded'))
        and coalesce(states.hours_since_success > 30, states.last_success_at is null)
        as Bool
    ) as is_late,
    cast(states.row_count as Nullable(Int64)) as row_count,
    cast(states.call_count as Nullable(Int64)) as call_count,
    cast(states.quota_unit_count as Nullable(Int64)) as quota_unit_count,
    cast(states.read_seconds as Nullable(Float64)) as read_seconds
from states
left join {{ ref('dim_account') }} as accounts on states.account_key = accounts.account_key
left join connections
    on states.platform = connections.platform and states.account_id = connections.account_id
left join {{ ref('error_remedy') }} as remedies
    on states.platform = remedies.platform and states.error_class = remedies.error_class
