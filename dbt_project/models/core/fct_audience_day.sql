{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='toYYYYMM(snapshot_date)',
        order_by='(account_key, snapshot_date, audience, dimension, segment)',
        pre_hook="{{ drop_vanished_months(conformed_views('audience_days')) }}",
        meta={'attaches_new_days': true},
    )
}}
with
audience_days as (
    select
        *,
        share as given_share
    from (
        {{ every_platform('audience_days', where=in_window('snapshot_date')) }}
    )
),

-- Platforms name the largest segments alone (countries, cities), so the known total is theirs.
segments as (
    select
        platform,
        {{ platform_key('account_id') }} as account_key,
        snapshot_date,
        audience,
        dimension,
        segment,
        audience_count,
        coalesce(
            given_share,
            {{ rate(
                'audience_count',
                'sum(audience_count) over (partition by platform, account_id, snapshot_date, audience, dimension)'
            ) }}
        ) as share
    from audience_days
    {%- if is_incremental() and not brings_new_days() %}
    union all
    select
        platform,
        account_key,
        snapshot_date,
        audience,
        dimension,
        segment,
        audience_count,
        share
    from {{ this }}
    where
        snapshot_date between toStartOfMonth({{ first_day() }}) and toLastDayOfMonth({{ last_day() }})
        and not ({{ in_window('snapshot_date') }})
    {%- endif %}
)

select
    cast(platform as LowCardinality(String)) as platform,
    cast(account_key as String) as account_key,
    cast(snapshot_date as Date) as snapshot_date,
    cast(audience as LowCardinality(String)) as audience,
    cast(dimension as LowCardinality(String)) as dimension,
    cast(segment as LowCardinality(String)) as segment,
    cast(audience_count as Nullable(Int64)) as audience_count,
    cast(share as Nullable(Float64)) as share
from segments
