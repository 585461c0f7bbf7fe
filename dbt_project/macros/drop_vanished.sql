{#-
  Hooks before an incremental model: take out what the run's days no longer have upstream. dbt's
  strategies replace what a run brings, so a day or a row that vanished would stay.

  Each looks first and changes the table only where something vanished, so it stands until the new
  rows come, and on most days nothing is rewritten.
-#}

{#- Drop the days that none of the relations `readings` has; the model is partitioned by day. -#}
{% macro drop_vanished_days(readings) -%}
    {%- if is_incremental() -%}
        {%- set window = in_window('snapshot_date') -%}
        {%- set vanished_days -%}
            select distinct toString(snapshot_date) from {{ this }}
            where
                {{ window }}
                {%- for reading in readings %}
                and snapshot_date not in (select snapshot_date from {{ reading }} where {{ window }})
                {%- endfor %}
        {%- endset -%}
        {%- for row in run_query(vanished_days).rows %}
            {{- 'alter table ' ~ this if loop.first }} drop partition '{{ row[0] }}' {{- ',' if not loop.last }}
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}

{#- Delete the rows whose `key` (columns, one of them `snapshot_date`) the relation `readings` lacks. -#}
{% macro delete_vanished_rows(readings, key) -%}
    {%- if is_incremental() -%}
        {%- set window = in_window('snapshot_date') -%}
        {%- set key = key | join(', ') -%}
        {%- set vanished = window ~ ' and (' ~ key ~ ') not in (select ' ~ key ~ ' from ' ~ readings ~ ' where ' ~ window ~ ')' -%}
        {%- if run_query('select 1 from ' ~ this ~ ' where ' ~ vanished ~ ' limit 1').rows -%}
            delete from {{ this }} where {{ vanished }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
