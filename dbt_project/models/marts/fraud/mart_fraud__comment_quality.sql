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
{#- A comment counts on 28 days; a post's language speaks for the account on 90. -#}
{%- set after = 90 -%}
{%- set figures = [
    'platform', 'account_key', 'snapshot_date', 'content_language', 'comment_quality_n', 'emoji_comment_share',
    'one_word_comment_share', 'mention_comment_share', 'hollow_comment_share', 'near_duplicate_comment_share',
    'comment_entropy', 'comment_language_n', 'comment_language_mismatch_share', 'distinct_commenters', 'top_commenter_share',
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

-- A comment that was read late counts from then on: what was known before stays as it was.
comments as (
    select
        account_key,
        toDate(published_at) as published_date,
        greatest(published_date, first_snapshot_date) as known_date,
        coalesce(author_key, '') as author_key,
        language,
        match(comment_text, '@[^\\s@]+') as is_mention,
        {{ comment_words('comment_text') }} as words,
        {{ is_hollow_comment('words') }} as is_hollow
    from {{ ref('fct_comment') }}
    where
        comment_text is not null
        and coalesce(is_by_owner, false) = false
        and published_at is not null
        and {{ restated_window('toDate(published_at)', before=28, after=after) }}
),

days as (
    select
        platform,
        account_key,
        snapshot_date,
        true as is_listed,
        [] as said,
        [] as post_languages
    from {{ ref('fct_account_day') }}
    where {{ restated_window('snapshot_date', after=after) }}
    union all
    select
        '' as platform,
        account_key,
        known_date as snapshot_date,
        false as is_listed,
        groupArray((
            published_date,
            multiIf(not is_hollow, 0, notEmpty(words), 1, is_mention, 2, 3),
            -- the smallest hashes of its letter triples: equal for texts that differ in signs alone, or little
            if(is_hollow, 0, tupleElement(ngramMinHashUTF8(arrayStringConcat(words, ' '), 3, 6), 1)),
            if(author_key = '', 0, sipHash64(author_key)),
            if(is_hollow or language = 'und', '', coalesce(language, ''))
        )) as said,
        [] as post_languages
    from comments
    where known_date <= published_date + 27
    group by account_key, snapshot_date
    union all
    select
        '' as platform,
        account_key,
        toDate(published_at) as snapshot_date,
        false as is_listed,
        [] as said,
        groupArray(assumeNotNull(language)) as post_languages
    from {{ ref('dim_post') }}
    where language is not null and {{ restated_window('toDate(published_at)', before=90, after=after) }}
    group by account_key, snapshot_date
),

account_dates as (
    select
        account_key,
        snapshot_date,
        max(platform) as platform,
        max(is_listed) as is_listed,
        groupArrayArray(said) as said,
        groupArrayArray(post_languages) as post_languages
    from days
    group by account_key, snapshot_date
),

histories as (
    select
        platform,
        account_key,
        snapshot_date,
        is_listed,
        groupArrayArray(said) over (
            partition by account_key order by snapshot_date range between 27 preceding and current row
        ) as known_comments,
        groupArrayArray(post_languages) over (
            partition by account_key order by snapshot_date range between 89 preceding and current row
        ) as languages
    from account_dates
),

samples as (
    select
        platform,
        account_key,
        snapshot_date,
        -- the commonest; of two as common, the first of the alphabet
        nullIf(arraySort(language -> (-countEqual(languages, language), language), arrayDistinct(languages))[1], '')
            as content_language,
        arrayFilter(comment -> tupleElement(comment, 1) > snapshot_date - 28, known_comments) as recent,
        tupleElement(recent, 2) as hollow_kinds,
        arraySort(arrayFilter(fingerprint -> fingerprint != 0, tupleElement(recent, 3))) as fingerprints,
        arraySort(arrayFilter(author -> author != 0, tupleElement(recent, 4))) as authors,
        arrayFilter(language -> language != '', tupleElement(recent, 5)) as comment_languages
    from histories
    where is_listed
),

qualities as (
    select
        platform,
        account_key,
        snapshot_date,
        content_language,
        length(hollow_kinds) as comment_quality_n,
        countEqual(hollow_kinds, 1) as one_word_comments,
        countEqual(hollow_kinds, 2) as mention_comments,
        countEqual(hollow_kinds, 3) as emoji_comments,
        length(fingerprints) as worded_comments,
        {{ run_lengths('fingerprints') }} as fingerprint_runs,
        arrayReduce('entropy', fingerprints) as entropy,
        length(authors) as signed_comments,
        {{ run_lengths('authors') }} as author_runs,
        length(comment_languages) as languages_known,
        countEqual(comment_languages, assumeNotNull(content_language)) as languages_matched
    from samples
),

account_days as (
    select
        platform,
        account_key,
        snapshot_date,
        content_language,
        comment_quality_n,
        {{ rate('emoji_comments', 'comment_quality_n') }} as emoji_comment_share,
        {{ rate('one_word_comments', 'comment_quality_n') }} as one_word_comment_share,
        {{ rate('mention_comments', 'comment_quality_n') }} as mention_comment_share,
        {{ rate('emoji_comments + one_word_comments + mention_comments', 'comment_quality_n') }}
            as hollow_comment_share,
        {{ rate('arraySum(run -> if(run > 1, run, 0), fingerprint_runs)', 'worded_comments') }}
            as near_duplicate_comment_share,
        if(worded_comments < 2, null, entropy / log2(worded_comments)) as comment_entropy,
        if(content_language is null, 0, languages_known) as comment_language_n,
        {{ rate('languages_known - languages_matched', 'comment_language_n') }} as comment_language_mismatch_share,
        length(author_runs) as distinct_commenters,
        {{ rate('arrayMax(author_runs)', 'signed_comments') }} as top_commenter_share
    from qualities
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
    cast(account_days.content_language as LowCardinality(Nullable(String))) as content_language,
    cast(account_days.comment_quality_n as Int64) as comment_quality_n,
    cast(account_days.emoji_comment_share as Nullable(Float64)) as emoji_comment_share,
    cast(account_days.one_word_comment_share as Nullable(Float64)) as one_word_comment_share,
    cast(account_days.mention_comment_share as Nullable(Float64)) as mention_comment_share,
    cast(account_days.hollow_comment_share as Nullable(Float64)) as hollow_comment_share,
    cast(account_days.near_duplicate_comment_share as Nullable(Float64)) as near_duplicate_comment_share,
    cast(account_days.comment_entropy as Nullable(Float64)) as comment_entropy,
    cast(account_days.comment_language_n as Int64) as comment_language_n,
    cast(account_days.comment_language_mismatch_share as Nullable(Float64)) as comment_language_mismatch_share,
    cast(account_days.distinct_commenters as Int64) as distinct_commenters,
    cast(account_days.top_commenter_share as Nullable(Float64)) as top_commenter_share
from account_days
inner join {{ ref('dim_account') }} as accounts on account_days.account_key = accounts.account_key
