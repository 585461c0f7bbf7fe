{#- p05 <= p25 <= p50 <= p75 <= p95 of a measure, and all are known or none is. -#}
{% test quantiles_ascend(model, measure) %}
{%- set names = ['p05_', 'p25_', 'p50_', 'p75_', 'p95_'] %}
with
quantiles as (
    select [{% for name in names %}{{ name ~ measure }}{{ ', ' if not loop.last }}{% endfor %}] as levels
    from {{ model }}
)

select *
from quantiles
where
    arrayExists(level -> level is null, levels) and arrayExists(level -> level is not null, levels)
    or arraySort(levels) != levels
{% endtest %}
