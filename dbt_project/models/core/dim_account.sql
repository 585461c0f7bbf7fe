{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='tuple()',
        order_by='account_key',
    )
}}
{%- set read_columns = [
    'platform', 'account_key', 'account_id', 'handle', 'display_name', 'description',
    'profile_url', 'avatar_url', 'country', 'category', 'is_verified', 'account_created_at',
    'last_snapshot_date',
] %}
{%- set first_in_window = in_window('first_snapshot_date', known_through='last_snapshot_date') %}
{%- set read_in_window = in_window('last_snapshot_date', known_through='last_snapshot_date') %}
with
account_days as (
    {{ every_platform('account_days') }}
),

readings as (
    select
        *,
        {{ platform_key('account_id') }} as account_key,
        snapshot_date as last_snapshot_date
    from account_days
),

latest as (
    {{ latest_reading('readings', 'account_key', read_columns) }}
),

{% if is_incremental() -%}
-- Accounts whose first reading was repeated and is no more: they have been read since a later day.
without_first as (
    select
        account_key,
        first_snapshot_date,
        last_snapshot_date
    from {{ this }}
    where
        {{ first_in_window }}
        and account_key not in (
            select account_key from readings
            where {{ read_in_window }}
        )
),
{%- endif %}

first_reading as (
    select
        account_key,
        min(read_date) as first_snapshot_date
    from (
        select
            account_key,
            last_snapshot_date as read_date
        from readings
        where {{ read_in_window }}
        {% if is_incremental() -%}
        union all
        select
            account_key,
            first_snapshot_date as read_date
        from {{ this }}
        where not ({{ first_in_window }})
        union all
        select
            account_key,
            last_snapshot_date as read_date
        from readings
        where
            account_key in (select account_key from without_first)
            -- 1970-01-01 where there is none, as on most days: history is then not read
            and last_snapshot_date between
            (select min(first_snapshot_date) from without_first)
            and (select max(last_snapshot_date) from without_first)
        {%- endif %}
    )
    group by account_key
),

-- An account that was connected again belongs to whom connected it last.
connections as (
    select
        platform,
        account_id,
        creator_id,
        connected_at
    from {{ ref('stg_app__connections') }}
    order by platform, account_id, connected_at desc, connection_id desc
    limit 1 by platform, account_id
)

select
    cast(latest.platform as LowCardinality(String)) as platform,
    cast(latest.account_key as String) as account_key,
    cast(latest.account_id as String) as account_id,
    cast(connections.creator_id as Nullable(String)) as creator_id,
    cast(connections.connected_at as Nullable(DateTime64(6, 'UTC'))) as connected_at,
    cast(latest.handle as Nullable(String)) as handle,
    cast(latest.display_name as Nullable(String)) as display_name,
    cast(latest.description as Nullable(String)) as description,
    cast(latest.profile_url as Nullable(String)) as profile_url,
    cast(latest.avatar_url as Nullable(String)) as avatar_url,
    cast(latest.country as Nullable(String)) as country,
    cast(latest.category as Nullable(String)) as category,
    cast(latest.is_verified as Nullable(Bool)) as is_verified,
    cast(latest.account_created_at as Nullable(DateTime64(6, 'UTC'))) as account_created_at,
    cast(first_reading.first_snapshot_date as Date) as first_snapshot_date,
    cast(latest.last_snapshot_date as Date) as last_snapshot_date
from latest
inner join first_reading on latest.account_key = first_reading.account_key
left join connections
    on latest.platform = connections.platform and latest.account_id = connections.account_id
