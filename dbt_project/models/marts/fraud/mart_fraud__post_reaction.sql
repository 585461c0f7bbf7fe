{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='toYYYYMM(snapshot_date)',
        order_by='(account_key, snapshot_date)',
        query_settings={'max_block_size': 8192},
        pre_hook="{{ drop_unread_months(ref('fct_account_day'), after=90) }}",
    )
}}
{#- A post counts on the 56 days from the age of 7 (28) days on, against posts of the 28 days before it. -#}
{%- set after = 90 -%}
{%- set figures = [
    'platform', 'account_key', 'snapshot_date',
    'typical_residual', 'engagement_residual_n', 'typical_first_day_share', 'velocity_n',
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

-- Posts at the ages of 1, 7 and 28 days.
posts as (
    select
        platform,
        account_key,
        post_key,
        published_date,
        maxIf(interaction_count, age_days = 1) as first_interactions,
        maxIf(interaction_count, age_days = 28) as last_interactions,
        maxIf(log((interaction_count + 1) / follower_count), age_days = 7 and follower_count > 0) as log_rate,
        maxIf(floor(2 * log10(follower_count)), age_days = 7 and follower_count > 0) as follower_band
    from {{ ref('fct_post_milestone') }}
    where {{ restated_window('snapshot_date', before=94, after=after) }}
    group by platform, account_key, post_key, published_date
),

post_formats as (
    select
        post_key,
        post_format
    from {{ ref('dim_post') }}
    where {{ restated_window('toDate(published_at)', before=94, after=after) }}
),

rated_posts as (
    select
        posts.platform as platform,
        posts.account_key as account_key,
        posts.published_date as published_date,
        posts.follower_band as follower_band,
        coalesce(post_formats.post_format, '') as post_format,
        posts.log_rate as log_rate
    from posts
    left join post_formats on posts.post_key = post_formats.post_key
    where posts.log_rate is not null
),

published as (
    select
        platform,
        post_format,
        follower_band,
        published_date,
        groupArray((account_key, log_rate)) as rated
    from rated_posts
    group by platform, post_format, follower_band, published_date
),

-- What posts of the same platform, format and band of followers got that were published in the 28 days up to it.
cohort_days as (
    select
        published_date,
        rated,
        groupArrayArray(tupleElement(rated, 2)) over (
            partition by platform, post_format, follower_band
            order by published_date range between 27 preceding and current row
        ) as cohort_rates,
        {{ median_of('cohort_rates') }} as typical_log_rate
    from published
),

residuals as (
    select
        tupleElement(rated_post, 1) as account_key,
        published_date + 7 as snapshot_date,
        groupArray(tupleElement(rated_post, 2) - typical_log_rate) as residuals
    from cohort_days
    array join rated as rated_post
    where length(cohort_rates) >= 20
    group by account_key, snapshot_date
),

velocities as (
    select
        account_key,
        published_date + 28 as snapshot_date,
        groupArray(first_interactions / last_interactions) as first_day_shares
    from posts
    where first_interactions is not null and last_interactions > 0
    group by account_key, snapshot_date
),

listed as (
    select
        days.platform as platform,
        days.account_key as account_key,
        days.snapshot_date as snapshot_date,
        residuals.residuals as residuals,
        velocities.first_day_shares as first_day_shares
    from {{ ref('fct_account_day') }} as days
    left join residuals
        on days.account_key = residuals.account_key and days.snapshot_date = residuals.snapshot_date
    left join velocities
        on days.account_key = velocities.account_key and days.snapshot_date = velocities.snapshot_date
    where {{ restated_window('days.snapshot_date', before=56, after=after) }}
),

histories as (
    select
        platform,
        account_key,
        snapshot_date,
        groupArrayArray(residuals) over two_months as recent_residuals,
        groupArrayArray(first_day_shares) over two_months as recent_first_day_shares
    from listed
    window two_months as (
        partition by account_key order by snapshot_date range between 55 preceding and current row
    )
),

account_days as (
    select
        platform,
        account_key,
        snapshot_date,
        if(empty(recent_residuals), null, {{ median_of('recent_residuals') }}) as typical_residual,
        length(recent_residuals) as engagement_residual_n,
        if(empty(recent_first_day_shares), null, {{ median_of('recent_first_day_shares') }}) as typical_first_day_share,
        length(recent_first_day_shares) as velocity_n
    from histories
    where {{ restated_window('snapshot_date', after=after) }}
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
    cast(account_days.typical_residual as Nullable(Float64)) as typical_residual,
    cast(account_days.engagement_residual_n as Int64) as engagement_residual_n,
    cast(account_days.typical_first_day_share as Nullable(Float64)) as typical_first_day_share,
    cast(account_days.velocity_n as Int64) as velocity_n
from account_days
inner join {{ ref('dim_account') }} as accounts on account_days.account_key = accounts.account_key
