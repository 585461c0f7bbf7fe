{#- Figures over the days before a row: window functions over `account_key`, ordered by `snapshot_date`. -#}

{#- The `days` days that end `ago` days before the row's. Days, not rows: a missing day counts as one. -#}
{% macro trailing_days(days, ago=0) -%}
    (
        partition by account_key order by snapshot_date
        range between {{ days + ago - 1 }} preceding and {{ ago if ago else 'current row' }} {{- ' preceding' if ago }}
    )
{%- endmacro %}

{#- Mean of a column over those days, NULL where it is known on fewer than `minimum` of them. -#}
{% macro trailing_mean(column, days, minimum, ago=0) -%}
    if(
        count({{ column }}) over {{ trailing_days(days, ago) }} >= {{ minimum }},
        avg({{ column }}) over {{ trailing_days(days, ago) }},
        null
    )
{%- endmacro %}

{#- The value exactly `ago` days before, NULL where that day is absent or its value is not known. -#}
{% macro value_days_ago(column, ago) -%}
    first_value({{ column }}) over {{ trailing_days(1, ago) }}
{%- endmacro %}
