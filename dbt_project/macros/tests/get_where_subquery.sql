{#- Lets any data test say `config: {where: __tested_days__}`: it then reads only the days of the run. -#}
{% macro get_where_subquery(relation) -%}
    {%- set condition = config.get('where') -%}
    {%- if condition -%}
        (
            select * from {{ relation }}
            where {{ condition | replace('__tested_days__', tested_days('snapshot_date')) }}
        ) as dbt_subquery
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}
