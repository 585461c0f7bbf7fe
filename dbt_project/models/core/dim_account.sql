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
    'profile_url', 'avatar_url', 'country', 'is_verified', 'account_created_at',
    'last_snapshot_date',
] %}
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
    cast(latest.is_verified as Nullable(Bool)) as is_verified,
    cast(latest.account_created_at as Nullable(DateTime64(6, 'UTC'))) as account_created_at,
    cast(latest.last_snapshot_date as Date) as last_snapshot_date
from latest
left join connections
    on latest.platform = connections.platform and latest.account_id = connections.account_id
