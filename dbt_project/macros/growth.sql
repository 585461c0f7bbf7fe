{#- The definitions of growth that more than one model takes; `metrics.yml` states them in words. -#}

{#- Relative growth: now / before - 1, NULL where either is NULL or before is zero. -#}
{% macro growth_rate(now, before) -%}
    {{ rate(now, before) }} - 1
{%- endmacro %}

{#- Days from the account's opening, or from its first reading where the platform does not say, to `date`. -#}
{% macro account_age_days(accounts, date) -%}
    dateDiff(
        'day', coalesce(toDate({{ accounts }}.account_created_at), {{ accounts }}.first_snapshot_date), {{ date }}
    )
{%- endmacro %}

{#-
  Place within a cohort, 0 (lowest) to 1 (highest), from the rank (1 = lowest), how many share the
  value and how many have one: the share of the others below, equals counted half (a fraud
  signal's percentile counts none: cohort_percentile). NULL below 20.
-#}
{% macro percentile_of_rank(rank, equal_n, cohort_n) -%}
    if({{ cohort_n }} >= 20, ({{ rank }} - 1 + ({{ equal_n }} - 1) / 2) / ({{ cohort_n }} - 1), null)
{%- endmacro %}
