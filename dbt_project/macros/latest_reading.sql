{#-
  Body of a CTE: one row per `key`, as of its latest reading, from the CTE `readings` (columns
  `columns`, one of them `last_snapshot_date`).

  A full build reads all of history, once. An incremental one reads the window's days and carries over
  what the model already holds; a key that a repeated reading of its last day no longer has falls
  back to its reading before. Both give the same rows.
-#}
{% macro latest_reading(readings, key, columns) -%}
    {%- set window = in_window('last_snapshot_date', known_through='last_snapshot_date') -%}
    {%- set attributes = columns | reject('equalto', key) | list -%}
    {%- set columns = columns | join(', ') -%}
    {%- set vanished -%}
            select {{ key }}, last_snapshot_date from {{ this }}
            where
                {{ window }}
                and {{ key }} not in (select {{ key }} from {{ readings }} where {{ window }})
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
            argMax(tuple({{ attributes | join(', ') }}), last_snapshot_date) as latest_attributes
        from (
            select {{ columns }} from {{ readings }} where {{ window }}
            {%- if is_incremental() %}
            union all
            select {{ columns }} from {{ this }} where not ({{ window }})
            union all
            select {{ columns }} from {{ readings }}
            where
                {{ key }} in (select {{ key }} from ({{ vanished }}))
                -- 1970-01-01 where nothing vanished, as on most days: history is then not read
                and last_snapshot_date < (select max(last_snapshot_date) from ({{ vanished }}))
            {%- endif %}
        )
        group by {{ key }}
    )
{%- endmacro %}
