{#-
  Insights land in long format, one row for each account, object, metric, breakdown, segment and day
  measured, in tables of one shape. Body of the cleaned view of one of them: the latest reading.
-#}
{% macro latest_insights(platform, table) -%}
select
    cast('{{ platform }}' as LowCardinality(String)) as platform,
    cast(snapshot_date as Date) as snapshot_date,
    cast(fetched_at as DateTime64(6, 'UTC')) as fetched_at,
    cast(account_id as String) as account_id,
    cast(object_id as String) as object_id,
    cast(metric as String) as metric,
    cast(period as String) as period,
    cast(breakdown as String) as breakdown,
    cast(segment as String) as segment,
    cast(date as Date) as date,
    cast(end_time as Nullable(DateTime64(6, 'UTC'))) as end_at,
    cast(value as Nullable(Float64)) as value,
    cast(view_definition as Nullable(String)) as view_definition
from {{ source('raw', platform ~ '__' ~ table) }}
-- the order of the raw table, so that nothing is sorted anew
order by
    snapshot_date, account_id, object_id, metric, period, breakdown, segment, date,
    fetched_at desc, value desc
limit 1 by snapshot_date, account_id, object_id, metric, period, breakdown, segment, date
{%- endmacro %}

{#- A metric as a column of `insights`, grouped by what it measures: NULL where it was not given. -#}
{% macro insight(metric, segment='') -%}
    maxIf(insights.value, insights.metric = '{{ metric }}' and insights.segment = '{{ segment }}')
{%- endmacro %}
