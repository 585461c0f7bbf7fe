{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='tuple()',
        order_by='(account_key, valid_from_date)',
    )
}}
{%- set since = "toDate('" ~ var('start_date') ~ "')" if var('start_date') is not none
    else "(select greatest(max(valid_from_date), toDate('2000-01-01')) - " ~ var('lookback_days') ~ " from " ~ this ~ ")" %}
-- A change shows against the reading before it. So a run keeps the versions that began before its
-- days and compares all days after that anew: on the latest day, that day alone.
with
known as (
    select
        platform,
        account_key,
        snapshot_date as read_date,
        handle,
        cast(category as Nullable(String)) as category,
        is_verified
    from {{ ref('fct_account_day') }}
    where fetched_at is not null and {{ 'snapshot_date >= ' ~ since if is_incremental() else 'true' }}
    {% if is_incremental() -%}
    union all
    select
        platform,
        account_key,
        valid_from_date as read_date,
        handle,
        cast(category as Nullable(String)) as category,
        is_verified
    from {{ this }}
    where valid_from_date < {{ since }}
    {%- endif %}
),

compared as (
    select
        *,
        row_number() over by_day as reading_number,
        lagInFrame(handle) over by_day as previous_handle,
        lagInFrame(category) over by_day as previous_category,
        lagInFrame(is_verified) over by_day as previous_is_verified
    from known
    window by_day as (
        partition by account_key order by read_date
        rows between unbounded preceding and current row
    )
),

versions as (
    select *
    from compared
    where
        reading_number = 1
        or handle is distinct from previous_handle
        or category is distinct from previous_category
        or is_verified is distinct from previous_is_verified
),

bounded as (
    select
        *,
        leadInFrame(toNullable(read_date)) over by_version as next_read_date
    from versions
    window by_version as (
        partition by account_key order by read_date
        rows between unbounded preceding and unbounded following
    )
)

select
    cast(platform as LowCardinality(String)) as platform,
    cast(account_key as String) as account_key,
    cast(read_date as Date) as valid_from_date,
    cast(next_read_date - 1 as Nullable(Date)) as valid_to_date,
    cast(next_read_date is null as Bool) as is_current,
    cast(handle as Nullable(String)) as handle,
    cast(category as Nullable(String)) as category,
    cast(is_verified as Nullable(Bool)) as is_verified
from bounded
