{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='toYYYYMM(snapshot_date)',
        order_by='(account_key, snapshot_date)',
        query_settings={'max_block_size': 8192},
        pre_hook="{{ drop_unread_months(ref('fct_account_day'), after=63) }}",
    )
}}
{#- A comment counts on the Mondays of the 56 days after it. -#}
{%- set after = 63 -%}
{%- set figures = [
    'platform', 'account_key', 'snapshot_date', 'pod_posts', 'pod_comments', 'pod_size',
    'pod_comment_share', 'pod_lift', 'pod_early_share', 'pod_shared_share',
] -%}
-- Bounded: the 64 latest posts of an account (a commenter's posts are then one word of bits), and of
-- their commenters the 60 most faithful, so at most 1,770 pairs of an account and week.
with
{% if is_incremental() -%}
relabelled as (
    select accounts.account_key as account_key
    from {{ ref('dim_account') }} as accounts
    left join {{ this }} as built
        on
            accounts.account_key = built.account_key
            and toMonday(accounts.first_snapshot_date) = built.snapshot_date
            and built.snapshot_date in (select toMonday(first_snapshot_date) from {{ ref('dim_account') }})
    where
        built.account_key is null
        or built.creator_id is distinct from accounts.creator_id
        or built.handle is distinct from accounts.handle
        or built.display_name is distinct from accounts.display_name
),
{%- endif %}

-- A comment that was read late counts from then on: what was known before stays as it was.
comments as (
    select
        -- hashes, because what follows groups by them again and again
        sipHash64(account_key) as account,
        sipHash64(post_key) as post,
        sipHash64(author_key) as author,
        toUnixTimestamp64Micro(published_at) as said_at,
        toDate(published_at) as published_date,
        greatest(published_date, first_snapshot_date) as known_date
    from {{ ref('fct_comment') }}
    where
        author_key is not null
        and coalesce(is_by_owner, false) = false
        and published_at is not null
        and {{ restated_window('toDate(published_at)', before=56, after=after) }}
),

weekly as (
    select
        account,
        post,
        author,
        said_at,
        arrayJoin(
            arrayFilter(
                monday -> monday <= published_date + 56,
                arrayMap(week -> toMonday(known_date) + 7 * week, range(1, 9))
            )
        ) as week_date
    from comments
),

threads as (
    select
        account,
        week_date,
        post,
        min(said_at) as begun_at,
        arraySort(groupArray((said_at, author))) as said
    from weekly
    where {{ restated_window('week_date', after=after) }}
    group by account, week_date, post
),

latest_threads as (
    select
        account,
        week_date,
        tupleElement(said, 2) as authors,
        row_number() over (partition by account, week_date order by begun_at desc, post) - 1 as post_place
    from threads
    qualify post_place < 64
),

said as (
    select
        account,
        week_date,
        bitShiftLeft(toUInt64(1), post_place) as post_bit,
        author,
        place
    from latest_threads
    array join authors as author, arrayEnumerate(authors) as place
),

commenters as (
    select
        account,
        week_date,
        author,
        groupBitOr(post_bit) as post_bits,
        count() as comment_count,
        countIf(place <= 10) as early_count
    from said
    group by account, week_date, author
),

-- Who was there once or twice is in no pair.
audiences as (
    select
        account,
        week_date,
        sum(comment_count) as pod_comments,
        bitCount(groupBitOr(post_bits)) as pod_posts,
        arraySlice(
            arraySort(
                groupArrayIf(
                    (-bitCount(post_bits), author, post_bits, comment_count, early_count), bitCount(post_bits) >= 3
                )
            ), 1, 60
        ) as regulars,
        tupleElement(regulars, 3) as regular_bits
    from commenters
    group by account, week_date
),

-- Partners were together under at least three posts, and under a fifth of those where either was.
-- Each is also counted as a partner of itself.
partnerships as (
    select
        account,
        week_date,
        pod_comments,
        pod_posts,
        arrayFilter(
            (regular, partners) -> partners > 3,
            regulars,
            arrayMap(
                own -> arrayCount(
                    other -> bitCount(bitAnd(own, other)) >= 3
                    and 5 * bitCount(bitAnd(own, other)) >= bitCount(bitOr(own, other)),
                    regular_bits
                ),
                regular_bits
            )
        ) as members,
        tupleElement(members, 2) as member_authors,
        tupleElement(members, 3) as member_bits
    from audiences
),

pods as (
    select
        account,
        week_date,
        pod_posts,
        pod_comments,
        member_authors,
        length(members) as pod_size,
        arraySum(tupleElement(members, 4)) / pod_comments as pod_comment_share,
        -- posts under which two members were together, against what chance would give two so regular people
        if(
            pod_size < 2,
            null,
            arraySum(
                own -> arraySum(
                    other -> bitCount(bitAnd(own, other)) * pod_posts / (bitCount(own) * bitCount(other)), member_bits
                ) - pod_posts / bitCount(own),
                member_bits
            ) / (pod_size * (pod_size - 1))
        ) as pod_lift,
        if(pod_size = 0, null, arraySum(tupleElement(members, 5)) / arraySum(tupleElement(members, 4)))
            as pod_early_share
    from partnerships
),

presences as (
    select
        *,
        count() over (partition by week_date, author) as served_accounts
    from pods
    left array join member_authors as author
),

circles as (
    select
        account,
        week_date,
        min(pod_posts) as posts,
        min(pod_comments) as comments,
        min(pod_size) as people,
        min(pod_comment_share) as comment_share,
        min(pod_lift) as lift,
        min(pod_early_share) as early_share,
        if(people = 0, null, avg(served_accounts > 1)) as shared_share
    from presences
    group by account, week_date
),

account_weeks as (
    select
        account_key,
        toMonday(snapshot_date) as week_date,
        min(platform) as platform
    from {{ ref('fct_account_day') }}
    where {{ restated_window('snapshot_date', before=6, after=after + 6) }}
    group by account_key, week_date
),

all_weeks as (
    select
        account_weeks.platform as platform,
        account_weeks.account_key as account_key,
        account_weeks.week_date as snapshot_date,
        coalesce(circles.posts, 0) as pod_posts,
        coalesce(circles.comments, 0) as pod_comments,
        circles.people as pod_size,
        circles.comment_share as pod_comment_share,
        circles.lift as pod_lift,
        circles.early_share as pod_early_share,
        circles.shared_share as pod_shared_share
    from account_weeks
    left join circles
        on sipHash64(account_weeks.account_key) = circles.account and account_weeks.week_date = circles.week_date
    where {{ restated_window('account_weeks.week_date', after=after) }}
    {% if is_incremental() -%}
    union all
    select * from ({{ carried_months(figures, after=after) }})
    {%- endif %}
)

select
    cast(all_weeks.platform as LowCardinality(String)) as platform,
    cast(all_weeks.account_key as String) as account_key,
    cast(accounts.account_id as String) as account_id,
    cast(accounts.creator_id as Nullable(String)) as creator_id,
    cast(accounts.handle as Nullable(String)) as handle,
    cast(accounts.display_name as Nullable(String)) as display_name,
    cast(all_weeks.snapshot_date as Date) as snapshot_date,
    cast(all_weeks.pod_posts as Int64) as pod_posts,
    cast(all_weeks.pod_comments as Int64) as pod_comments,
    cast(all_weeks.pod_size as Nullable(Int64)) as pod_size,
    cast(all_weeks.pod_comment_share as Nullable(Float64)) as pod_comment_share,
    cast(all_weeks.pod_lift as Nullable(Float64)) as pod_lift,
    cast(all_weeks.pod_early_share as Nullable(Float64)) as pod_early_share,
    cast(all_weeks.pod_shared_share as Nullable(Float64)) as pod_shared_share
from all_weeks
inner join {{ ref('dim_account') }} as accounts on all_weeks.account_key = accounts.account_key
