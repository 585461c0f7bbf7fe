{#- A row looks back on 90 days of posts, on 28 of comments, on a reading of the audience at most 35 days
    before and, from there, on one 35 days before that. -#}
{%- set reach = 90 %}
{%- set endings = audience_segments('age').values() | list + audience_segments('gender').values() | list %}
{%- set read_figures = ['audience', 'audience_read_date'] %}
{%- for ending in endings %}{% do read_figures.append(audience_share(ending)) %}{% endfor %}
{%- do read_figures.extend([
    'top_country', 'top_country_share', 'country_concentration', 'country_change_28d', 'country_compared_date',
]) %}
{%- set figures = ['account_key', 'snapshot_date'] + read_figures + [
    'content_language', 'content_language_country_match_share', 'comment_language_match_share_28d',
    'comment_language_28d_n',
] %}
{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='toYYYYMM(snapshot_date)',
        order_by='(account_key, snapshot_date)',
        pre_hook="{{ drop_unread_months(ref('fct_account_day'), after=90) }}",
    )
}}
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

-- Who follows says more than who watches, which is all that some platforms tell.
readings as (
    select
        account_key,
        snapshot_date,
        audience,
        {%- for dimension in ['age', 'gender'] %}
        {%- for segment, ending in audience_segments(dimension).items() %}
        maxIf(toNullable(share), dimension = '{{ dimension }}' and segment = '{{ segment }}')
            as {{ audience_share(ending) }},
        {%- endfor %}
        {%- endfor %}
        arraySort(
            country -> (-tupleElement(country, 2), tupleElement(country, 1)),
            groupArrayIf((toString(segment), assumeNotNull(share)), dimension = 'country' and share > 0)
        ) as shares_by_country
    from {{ ref('fct_audience_day') }}
    where
        audience in ('follower', 'viewer')
        and dimension in ('age', 'gender', 'country')
        and {{ restated_window('snapshot_date', before=70, after=reach) }}
    group by account_key, snapshot_date, audience
    order by account_key, snapshot_date, audience
    limit 1 by account_key, snapshot_date
),

-- Shares of the countries that are known, so that those of all platforms add up to 1.
distributions as (
    select
        *,
        arrayMap(country -> tupleElement(country, 1), shares_by_country) as countries,
        arrayMap(country -> tupleElement(country, 2), shares_by_country) as stated_shares,
        arrayMap(share -> share / arraySum(stated_shares), stated_shares) as country_shares
    from readings
),

compared as (
    select
        *,
        -- of the readings that have countries the one next to 28 days before, the later one of two
        arraySort(
            reading -> (
                abs(toInt32(snapshot_date - tupleElement(reading, 1)) - 28),
                toInt32(snapshot_date - tupleElement(reading, 1))
            ),
            groupArrayIf((snapshot_date, countries, country_shares), notEmpty(countries)) over (
                partition by account_key order by snapshot_date range between 35 preceding and 21 preceding
            )
        )[1] as before
    from distributions
),

audiences as (
    select
        account_key,
        snapshot_date as audience_read_date,
        audience,
        {%- for ending in endings %}
        {{ audience_share(ending) }},
        {%- endfor %}
        countries,
        country_shares,
        if(notEmpty(countries), countries[1], null) as top_country,
        if(notEmpty(countries), stated_shares[1], null) as top_country_share,
        if(notEmpty(countries), arraySum(share -> share * share, country_shares), null) as country_concentration,
        {{ jensen_shannon_distance(
            'countries', 'country_shares', 'tupleElement(before, 2)', 'tupleElement(before, 3)'
        ) }} as country_change_28d,
        if(country_change_28d is null, null, tupleElement(before, 1)) as country_compared_date
    from compared
),

days as (
    select
        account_key,
        snapshot_date
    from {{ ref('fct_account_day') }}
    where fetched_at is not null and {{ restated_window('snapshot_date', after=reach) }}
),

account_posts as (
    select
        account_key,
        groupArray((toDate(published_at), assumeNotNull(language))) as posts
    from {{ ref('dim_post') }}
    where
        language is not null
        and published_at is not null
        and {{ restated_window('toDate(published_at)', before=reach, after=reach) }}
    group by account_key
),

spoken_days as (
    select
        days.account_key as account_key,
        days.snapshot_date as snapshot_date,
        arrayMap(
            post -> tupleElement(post, 2),
            arrayFilter(
                post -> tupleElement(post, 1) between days.snapshot_date - 89 and days.snapshot_date,
                account_posts.posts
            )
        ) as languages,
        arraySort(
            language -> (-toInt64(countEqual(languages, language)), language), arrayDistinct(languages)
        ) as languages_by_use,
        if(notEmpty(languages), languages_by_use[1], null) as content_language
    from days
    left join account_posts on days.account_key = account_posts.account_key
),

-- A comment that was read late counts from then on, until 28 days are over since its publication.
comment_languages as (
    select
        account_key,
        toDate(published_at) as published_date,
        greatest(published_date, first_snapshot_date) as known_date,
        assumeNotNull(language) as known_language,
        count() as comment_n
    from {{ ref('fct_comment') }}
    where
        language is not null
        and published_at is not null
        and not coalesce(is_by_owner, false)
        and {{ restated_window('toDate(published_at)', before=28, after=reach) }}
    group by account_key, published_date, known_date, known_language
    having known_date < published_date + 28
),

-- Each day asks for its language; what counts is the sum of what came and what went until then.
comments_by_language as (
    select
        account_key,
        day as snapshot_date,
        language as content_language,
        is_asked,
        sum(added_n) over (
            partition by account_key, language order by day range between unbounded preceding and current row
        ) as matching_n,
        sum(added_n) over (
            partition by account_key order by day range between unbounded preceding and current row
        ) as known_n
    from (
        select
            account_key,
            tupleElement(change, 1) as day,
            toNullable(known_language) as language,
            tupleElement(change, 2) as added_n,
            false as is_asked
        from comment_languages
        array join [(known_date, toInt64(comment_n)), (published_date + 28, -toInt64(comment_n))] as change
        union all
        select
            account_key,
            snapshot_date as day,
            content_language as language,
            0 as added_n,
            true as is_asked
        from spoken_days
    ) as commented_and_asked
),

asked_days as (
    select
        account_key,
        snapshot_date,
        content_language,
        if(content_language is null, null, known_n) as known_n,
        matching_n
    from comments_by_language
    where is_asked
),

-- Audiences are read about once a week; each stands until the next, for 35 days at most.
audience_days as (
    select
        days.account_key as account_key,
        days.snapshot_date as snapshot_date,
        days.content_language as content_language,
        days.known_n as known_n,
        days.matching_n as matching_n,
        coalesce(days.snapshot_date - audiences.audience_read_date <= 35, false) as is_known,
        {%- for column in read_figures %}
        if(is_known, audiences.{{ column }}, null) as {{ column }},
        {%- endfor %}
        if(is_known, audiences.countries, []) as countries,
        if(is_known, audiences.country_shares, []) as country_shares
    from asked_days as days
    asof left join audiences
        on days.account_key = audiences.account_key and days.snapshot_date >= audiences.audience_read_date
),

language_countries as (
    select
        language,
        groupUniqArray(country) as countries
    from {{ ref('country_language') }}
    group by language
),

account_figures as (
    select
        days.* except (countries, country_shares, is_known, known_n, matching_n),
        if(
            notEmpty(language_countries.countries) and notEmpty(days.countries),
            {{ rate(
                'arraySum((country, share) -> if(has(language_countries.countries, country), share, 0), days.countries, days.country_shares)',
                'arraySum((country, share) -> if(has((select groupUniqArray(country) from ' ~ ref('country_language') ~ '), country), share, 0), days.countries, days.country_shares)'
            ) }},
            null
        ) as content_language_country_match_share,
        days.known_n as comment_language_28d_n,
        if(days.known_n >= 20, {{ rate('days.matching_n', 'days.known_n') }}, null) as comment_language_match_share_28d
    from audience_days as days
    left join language_countries on days.content_language = language_countries.language
),

current_and_carried as (
    select {{ figures | join(', ') }} from account_figures
    {% if is_incremental() -%}
    union all
    {{ carried_months(figures, after=reach) }}
    {%- endif %}
)

select
    cast(accounts.platform as LowCardinality(String)) as platform,
    cast(days.account_key as String) as account_key,
    cast(accounts.account_id as String) as account_id,
    cast(accounts.creator_id as Nullable(String)) as creator_id,
    cast(accounts.handle as Nullable(String)) as handle,
    cast(accounts.display_name as Nullable(String)) as display_name,
    cast(days.snapshot_date as Date) as snapshot_date,
    cast(days.audience as LowCardinality(Nullable(String))) as audience,
    cast(days.audience_read_date as Nullable(Date)) as audience_read_date,
    {%- for ending in endings %}
    cast(days.{{ audience_share(ending) }} as Nullable(Float64)) as {{ audience_share(ending) }},
    {%- endfor %}
    cast(days.top_country as LowCardinality(Nullable(String))) as top_country,
    cast(days.top_country_share as Nullable(Float64)) as top_country_share,
    cast(days.country_concentration as Nullable(Float64)) as country_concentration,
    cast(days.country_change_28d as Nullable(Float64)) as country_change_28d,
    cast(days.country_compared_date as Nullable(Date)) as country_compared_date,
    cast(days.content_language as LowCardinality(Nullable(String))) as content_language,
    cast(days.content_language_country_match_share as Nullable(Float64)) as content_language_country_match_share,
    cast(days.comment_language_28d_n as Nullable(Int64)) as comment_language_28d_n,
    cast(days.comment_language_match_share_28d as Nullable(Float64)) as comment_language_match_share_28d
from current_and_carried as days
inner join {{ ref('dim_account') }} as accounts on days.account_key = accounts.account_key
