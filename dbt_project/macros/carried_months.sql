{#-
  For a mart by account and day that replaces whole months (insert_overwrite over toYYYYMM): a run
  reads anew the days that may have changed (`restated_window`, figures
  of a day reach `after` days ahead) and carries the rest
  of their months over.

  All rows of an account carry its present owner and name, on which access and labels rest. So where
  these changed, the months of the account's whole history are carried over too: `relabelled` names
  the accounts, and the final select joins the labels anew.
-#}

{#-
  Body of a CTE: the accounts whose rows in the model bear other labels than dim_account gives now.
  `labels` maps a column of the model to its expression over `accounts`. One row of an account tells,
  that of its first reading; where that is missing, an earlier reading came in or the account is new.
  `accounts` may name a CTE that has more to an account than dim_account.
-#}
{% macro relabelled_accounts(labels, accounts=none) -%}
    select accounts.account_key as account_key
    from {{ accounts or ref('dim_account') }} as accounts
    left join (
        select account_key, {{ labels | join(', ') }}
        from {{ this }}
        where
            snapshot_date in (select first_snapshot_date from {{ ref('dim_account') }})
            and (account_key, snapshot_date) in (
                select account_key, first_snapshot_date from {{ ref('dim_account') }}
            )
    ) as built on accounts.account_key = built.account_key
    where
        built.account_key is null
        {%- for column, expression in labels.items() %}
        or built.{{ column }} is distinct from {{ expression }}
        {%- endfor %}
{%- endmacro %}

{#- Body of a CTE: `columns` of the model's rows that stay, of the months that the run replaces. -#}
{% macro carried_months(columns, after=0, relabelled='relabelled') -%}
    {%- set since = "toDate('" ~ restated_since() ~ "')" -%}
    {%- set end_date = var('end_date') -%}
    {%- set until = "toDate('" ~ end_date ~ "') + " ~ after if end_date else "toDate('2149-06-06')" -%}
    {%- set columns = columns | join(', ') -%}
    select {{ columns }} from {{ this }}
    where snapshot_date >= toStartOfMonth({{ since }}) and snapshot_date < {{ since }}
    {% if end_date -%}
    union all
    select {{ columns }} from {{ this }}
    where snapshot_date > {{ until }} and snapshot_date <= toLastDayOfMonth({{ until }})
    {% endif -%}
    union all
    select {{ columns }} from {{ this }}
    where
        toYYYYMM(snapshot_date) in (
            select toYYYYMM(snapshot_date) from {{ this }}
            where account_key in (select account_key from {{ relabelled }})
        )
        and (snapshot_date < toStartOfMonth({{ since }}) or snapshot_date > toLastDayOfMonth({{ until }}))
{%- endmacro %}

{#-
  Hook before such a model: drop the months of which it holds only days that the run counts anew and
  `readings` (a relation) holds none any more: where no new row comes, nothing is replaced.
-#}
{% macro drop_unread_months(readings, after=0) -%}
    {%- if is_incremental() and may_have_unread_months(readings, after) -%}
        {%- set window = restated_window('snapshot_date', after=after) -%}
        {%- set unread -%}
            select toString(toYYYYMM(snapshot_date)) from {{ this }}
            where toYYYYMM(snapshot_date) in (select toYYYYMM(snapshot_date) from {{ this }} where {{ window }})
            group by toYYYYMM(snapshot_date)
            having
                countIf(not ({{ window }})) = 0
                and toYYYYMM(snapshot_date) not in (select toYYYYMM(snapshot_date) from {{ readings }} where {{ window }})
        {%- endset -%}
        {{ drop_partitions(unread) }}
    {%- endif -%}
{%- endmacro %}

{#-
  Whether the model has a month of the run's days for which no part of `readings` begins or ends on one of
  these days. On most runs none: the parts' first and last days tell, and no row is read.
-#}
{% macro may_have_unread_months(readings, after) -%}
    {%- set end_date = var('end_date') -%}
    {%- set since = "toDate('" ~ restated_since() ~ "')" -%}
    {%- set until = "toDate('" ~ end_date ~ "') + " ~ after if end_date else "toDate('2149-06-06')" -%}
    {%- set unproven -%}
        select 1 from system.parts
        where
            active and database = '{{ this.schema }}' and table = '{{ this.identifier }}'
            and min_date <= {{ until }} and max_date >= {{ since }}
            and partition not in (
                select partition from system.parts
                where
                    active and database = '{{ readings.schema }}' and table = '{{ readings.identifier }}'
                    and (min_date between {{ since }} and {{ until }} or max_date between {{ since }} and {{ until }})
            )
        limit 1
    {%- endset -%}
    {{ return(run_query(unproven).rows | length > 0) }}
{%- endmacro %}

{#- The same hook for a mart by week, of which it rebuilds whole months: those that `days` has none of. -#}
{% macro drop_unread_weeks(days) -%}
    {%- if is_incremental() -%}
        {%- set since = "toStartOfMonth(toMonday(toDate('" ~ restated_since('week_start_date') ~ "')))" -%}
        {%- set unread -%}
            select distinct toString(toYYYYMM(week_start_date)) from {{ this }}
            where
                week_start_date >= {{ since }}
                -- a part lies in one month, so its first and its last day tell the months of its weeks
                and toYYYYMM(week_start_date) not in (
                    select arrayJoin([toYYYYMM(toMonday(min_date)), toYYYYMM(toMonday(max_date))])
                    from system.parts
                    where active and database = '{{ days.schema }}' and table = '{{ days.identifier }}'
                )
        {%- endset -%}
        {{ drop_partitions(unread) }}
    {%- endif -%}
{%- endmacro %}
