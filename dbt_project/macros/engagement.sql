{#- The definitions of engagement. Every model takes them from here; `metrics.yml` states them in words. -#}

{#- A rate as Float64: NULL where either side is NULL or the denominator is zero. -#}
{% macro rate(numerator, denominator) -%}
    toFloat64({{ numerator }}) / nullIf(toFloat64({{ denominator }}), 0)
{%- endmacro %}

{#- Sum of the public interactions a platform offers: NULL as soon as one of them is NULL. -#}
{% macro interaction_count(counts) -%}
    ({{ counts | join(' + ') }})
{%- endmacro %}

{#- The same where reach is known, of a platform whose reach and counters are of one moment. -#}
{% macro interactions_where_reached(reach, counts) -%}
    if({{ reach }} is null, null, {{ interaction_count(counts) }})
{%- endmacro %}

{% macro engagement_rate_by_views(interactions, views) -%}
    {{ rate(interactions, views) }}
{%- endmacro %}

{% macro engagement_rate_by_followers(interactions, followers) -%}
    {{ rate(interactions, followers) }}
{%- endmacro %}

{% macro engagement_rate_by_reach(interactions, reach) -%}
    {{ rate(interactions, reach) }}
{%- endmacro %}

{#-
  A rate of what was added over some days: NULL unless something was added below the line. Corrections
  can take back more than came, and two losses would make a gain.
-#}
{% macro window_rate(numerator, denominator) -%}
    if({{ denominator }} > 0, toFloat64({{ numerator }}) / toFloat64({{ denominator }}), null)
{%- endmacro %}

{#-
  sum or avg of a column over the named window `last_<days>_days`, 7 or 28: NULL where the column is known
  on fewer than 5 or 20 of its days.
-#}
{% macro window_figure(aggregate, column, days) -%}
    if(
        count({{ column }}) over last_{{ days }}_days >= {{ {7: 5, 28: 20}[days] }},
        {{ aggregate }}({{ column }}) over last_{{ days }}_days,
        null
    )
{%- endmacro %}

{#- nano < 10k, micro 10k-100k, mid 100k-1M, mega from 1M; NULL where the count is not known. -#}
{% macro follower_tier(followers) -%}
    multiIf(
        {{ followers }} is null, null,
        {{ followers }} < 10000, 'nano',
        {{ followers }} < 100000, 'micro',
        {{ followers }} < 1000000, 'mid',
        'mega'
    )
{%- endmacro %}

{% macro median(column) -%}
    quantileExactInclusive(0.5)({{ column }})
{%- endmacro %}

{#- The five quantiles of a benchmark as columns `p05_<column>` ... `p95_<column>`. -#}
{% macro benchmark_quantiles(column) -%}
    {%- for name, level in [('p05', 0.05), ('p25', 0.25), ('p50', 0.5), ('p75', 0.75), ('p95', 0.95)] %}
    cast(quantileExactInclusive({{ level }})({{ column }}) as Nullable(Float64)) as {{ name }}_{{ column }}
    {{- "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}
