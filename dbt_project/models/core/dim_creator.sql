{{ config(order_by='creator_id') }}
-- An account that was connected again belongs to whom connected it last, as in dim_account.
with
owned as (
    select
        platform,
        {{ platform_key('account_id') }} as account_key,
        creator_id
    from {{ ref('stg_app__connections') }}
    order by platform, account_id, connected_at desc, connection_id desc
    limit 1 by platform, account_id
),

first_connections as (
    select
        creator_id,
        min(connected_at) as first_connected_at
    from {{ ref('stg_app__connections') }}
    group by creator_id
),

named as (
    select
        owned.creator_id as creator_id,
        owned.platform as platform,
        owned.account_key as account_key,
        coalesce(
            position({{ bare_name('accounts.display_name') }}, {{ bare_name('creators.display_name') }}) > 0, false
        ) or coalesce(
            position({{ bare_name('accounts.handle') }}, {{ bare_name('creators.display_name') }}) > 0, false
        ) as is_agreeing
    from owned
    inner join {{ ref('stg_app__creators') }} as creators on owned.creator_id = creators.creator_id
    left join {{ ref('dim_account') }} as accounts on owned.account_key = accounts.account_key
),

links as (
    select
        creator_id,
        count() as account_count,
        uniqExact(platform) as platform_count,
        arraySort(groupUniqArray(toString(platform))) as platforms,
        arraySort(groupArray(account_key)) as account_keys,
        countIf(is_agreeing) as agreeing_name_count
    from named
    group by creator_id
)

select
    cast(creators.creator_id as String) as creator_id,
    cast(creators.display_name as Nullable(String)) as display_name,
    cast(creators.created_at as Nullable(DateTime64(6, 'UTC'))) as created_at,
    cast(coalesce(links.account_count, 0) as Int64) as account_count,
    cast(coalesce(links.platform_count, 0) as Int64) as platform_count,
    cast(links.platforms as Array(String)) as platforms,
    cast(links.account_keys as Array(String)) as account_keys,
    cast(if(links.account_count > 0, 'connected', null) as LowCardinality(Nullable(String))) as link_evidence,
    cast(coalesce(links.agreeing_name_count, 0) as Int64) as agreeing_name_count,
    cast(first_connections.first_connected_at as Nullable(DateTime64(6, 'UTC'))) as first_connected_at
from {{ ref('stg_app__creators') }} as creators
left join links on creators.creator_id = links.creator_id
left join first_connections on creators.creator_id = first_connections.creator_id
