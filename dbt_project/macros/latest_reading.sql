{#-
  Body of a CTE: one row per `key`, as of its latest reading, from the CTE `readings` (columns
  `columns`, one of them `date`, the day of the reading).

  A full build reads all of history, once. An incremental one reads the window's days and carries over
  what the model already holds; a key that a repeated reading of its last day no longer has falls
  back to its reading before. Both give the same rows.

  `wanted` names a CTE (with `last_snapshot_date`) whose keys alone the model keeps: one that is new
  there has no row in the model yet, and its latest reading here may be older than the window.
-#}
{% macro latest_reading(readings, key, columns, date='last_snapshot_date', wanted=none) -%}
    {%- set window = in_window(date, known_through=date) -%}
    {%- set attributes = columns | reject('equalto', key) | list -%}
    {%- set columns = columns | join(', ') -%}
    {%- set incomplete -%}
            select {{ key }}, {{ date }} as before_date from {{ this }}
            where
                {{ window }}
                and {{ key }} not in (select {{ key }} from {{ readings }} where {{ window }})
            {%- if wanted %}
            union all
            select {{ key }}, toDate('2149-06-06') as before_date from {{ wanted }}
            where
                {{ in_window('last_snapshot_date', known_through='last_snapshot_date') }}
                and {{ key }} not in (select {{ key }} from {{ this }})
                and {{ key }} not in (select {{ key }} from {{ readings }} where {{ window }})
            {%- endif %}
    {%- endset -%}
    select
        {{ key }}
        {%- for attribute in attributes %},
        tupleElement(latest_attributes, {{ loop.index }}) as {{ attribute }}
        {%- endfor %}
    from (
        -- A tuple, because argMax of a column alone would skip its NULLs.
        select
            {{ key }},
            argMax(tuple({{ attributes | join(', ') }}), {{ date }}) as latest_attributes
        from (
            select {{ columns }} from {{ readings }} where {{ window }}
            {%- if is_incremental() %}
            union all
            select {{ columns }} from {{ this }} where not ({{ window }})
            union all
            select {{ columns }} from {{ readings }}
            where
                {{ key }} in (select {{ key }} from ({{ incomplete }}))
                -- 1970-01-01 where nothing is incomplete, as on most days: history is then not read
                and {{ date }} < (select max(before_date) from ({{ incomplete }}))
            {%- endif %}
        )
        group by {{ key }}
    )
{%- endmacro %}
