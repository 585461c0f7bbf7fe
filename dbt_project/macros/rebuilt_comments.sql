{#-
  fct_comment is partitioned by the month in which a comment was published, which never changes. A run
  replaces the months of the comments that it reads, or that it read before and no longer finds.
-#}
{% macro comment_month(published_at='published_at') -%}
    toYYYYMM(coalesce({{ published_at }}, toDateTime64(0, 6, 'UTC')))
{%- endmacro %}

{#- The comments of the run's readings, as a query. -#}
{% macro comments_read() -%}
    {{ every_platform('comments', where=in_window('snapshot_date', known_through='last_snapshot_date')) }}
{%- endmacro %}

{#- Those months (YYYYMM). A unit test overrides it. -#}
{% macro comment_months() -%}
    {%- if not execute or not is_incremental() -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set months -%}
        select distinct {{ comment_month() }} from ({{ comments_read() }})
        union distinct
        select distinct {{ comment_month() }} from {{ this }}
        where {{ in_window('last_snapshot_date', known_through='last_snapshot_date') }}
        union distinct
        select distinct {{ comment_month() }} from {{ this }}
        where {{ in_window('first_snapshot_date', known_through='last_snapshot_date') }}
    {%- endset -%}
    {{ return(run_query(months).rows | map(attribute=0) | sort) }}
{%- endmacro %}

{#-
  The comments that the run's readings held when they were read before, and no longer hold: what is
  known of them stands in the other readings.
-#}
{% macro comments_not_found_again(months) -%}
    {{ comment_month() }} in ({{ months | join(', ') }})
    and (
        {{ in_window('last_snapshot_date', known_through='last_snapshot_date') }}
        or {{ in_window('first_snapshot_date', known_through='last_snapshot_date') }}
    )
    and comment_key not in (select {{ platform_key('comment_id') }} from ({{ comments_read() }}))
{%- endmacro %}

{#- Those other readings, as a predicate on `snapshot_date`; none where no comment is missing. -#}
{% macro other_comment_readings(months) -%}
    {%- if not execute or not is_incremental() or not months -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set missing -%}
        select toString(min(first_snapshot_date)), toString(max(last_snapshot_date)) from {{ this }}
        where {{ comments_not_found_again(months) }}
        having count() > 0
    {%- endset -%}
    {%- for row in run_query(missing).rows -%}
        {{ return(
            "snapshot_date between toDate('" ~ row[0] ~ "') and toDate('" ~ row[1] ~ "')"
            ~ ' and not (' ~ in_window('snapshot_date', known_through='last_snapshot_date') ~ ')'
        ) }}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}

{#- Hook after the model: drop the months of which no comment is left, which nothing replaced. -#}
{% macro drop_emptied_comment_months() -%}
    {%- if is_incremental() -%}
        {%- set emptied -%}
            select distinct _partition_id from {{ this }}
            where
                {{ in_window('last_snapshot_date', known_through='last_snapshot_date') }}
                -- the others the run has just replaced
                and {{ comment_month() }} not in (select {{ comment_month() }} from ({{ comments_read() }}))
        {%- endset -%}
        {{ drop_partitions(emptied) }}
    {%- endif -%}
{%- endmacro %}
