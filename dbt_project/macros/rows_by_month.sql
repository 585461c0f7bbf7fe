{#-
  Takes the place of dbt-clickhouse's macro of this name (1.10). A table that is built anew and says
  `meta: {rows_by_month: <macro>}` is filled month by month, by the macro's rows from the first to the
  last day of each, on top of the months before: sorting and memory then follow a month's rows, not
  history's. The table takes the old one's place when all months are in, as any other.
-#}
{% macro clickhouse__create_table_as(temporary, relation, sql) -%}
    {%- set has_contract = config.get('contract').enforced -%}
    {{ clickhouse__create_empty_table(temporary, relation, sql, has_contract) }}
    {%- if not temporary -%}
        {%- set statements = [] -%}
        {%- set rows = config.get('meta', {}).get('rows_by_month') -%}
        {%- if rows and not is_incremental() -%}
            {%- set months = raw_months() -%}
            {#- The first and the last one are open, so no day is left out. -#}
            {%- for month in months -%}
                {%- set first_day = "toDate('" ~ ('2000-01-01' if loop.first else month) ~ "')" -%}
                {%- set last_day = "toDate('2148-12-31')" if loop.last else "toDate('" ~ months[loop.index] ~ "') - 1" -%}
                {%- do statements.append(context[rows](first_day, last_day, relation)) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- for month in statements[:-1] -%}
            {% call statement('insert_month') %}
                {{ clickhouse__insert_into(relation, month, has_contract) }}
            {% endcall %}
        {%- endfor -%}
        {{ clickhouse__insert_into(relation, statements[-1] if statements else sql, has_contract) }}
    {%- endif -%}
{%- endmacro %}

{#- The first day of each month of which raw holds a snapshot. -#}
{% macro raw_months() -%}
    {%- set raw = graph.sources.values() | selectattr('source_name', 'equalto', 'raw') | map(attribute='schema') | first -%}
    {%- set months -%}
        select distinct toString(toStartOfMonth(min_date)) as first_day
        from system.parts
        where active and database = '{{ raw }}' and min_date > '2000-01-01'
        order by first_day
    {%- endset -%}
    {{ return(run_query(months).rows | map(attribute=0) | list) }}
{%- endmacro %}
