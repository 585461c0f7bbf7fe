{#-
  Body of a CTE: one row per `key`, as of its latest reading, from the CTE `readings` (columns
  `columns`, one of them `date`, the day of the reading).

  A full build reads all of history, once. An incremental one reads the window's days and carries over
  what the model already holds; a key that a repeated reading of its last day no longer has falls
  back to its reading before. Both give the same rows.

  `wanted` names a CTE (with `last_snapshot_date`) whose keys alone the model keeps: one that is new
  there has no row in the model yet, and its latest reading here may be older than the window.

  `texts` says that the columns are wide: a full build then finds the latest days first.
-#}
{% macro latest_reading(readings, key, columns, date='last_snapshot_date', wanted=none, texts=false) -%}
    {%- set window = in_window(date, known_through=date) -%}
    {%- set attributes = columns | reject('equalto', key) | list -%}
    {%- set columns = columns | join(', ') -%}
    {%- set wanted_window = in_window('last_snapshot_date', known_through='last_snapshot_date') -%}
    {#- Keys whose latest reading is none of the window's and not what the model holds, each with the day
        before which it lies: one pass, whose result is a constant to the statement. -#}
    {%- set incomplete -%}
            (
                select groupArray(tuple({{ key }}, before_date))
                from (
                    {%- if not wanted %}
                    -- On a new day the model holds nothing of the window: an index tells it, and nothing is looked up.
                    select {{ key }}, {{ date }} as before_date
                    from {{ this }}
                    where
                        {{ window }}
                        and {{ key }} not in (
                            select {{ key }} from {{ readings }}
                            where {{ window }} and {{ key }} in (select {{ key }} from {{ this }} where {{ window }})
                        )
                    {%- else %}
                    select
                        {{ key }},
                        if(countIf(is_held) > 0, max(held_date), toDate('2149-06-06')) as before_date
                    from (
                        select {{ key }}, true as is_read, false as is_held, cast(null as Nullable(Date)) as held_date
                        from {{ readings }} where {{ window }}
                        union all
                        select {{ key }}, false as is_read, true as is_held, if({{ window }}, {{ date }}, null) as held_date
                        from {{ this }}
                        union all
                        select {{ key }}, false as is_read, false as is_held, null as held_date
                        from {{ wanted }} where {{ wanted_window }}
                    )
                    group by {{ key }}
                    having countIf(is_read) = 0 and (count(held_date) > 0 or countIf(is_held) = 0)
                    {%- endif %}
                )
            )
    {%- endset -%}
    {%- if texts and not is_incremental() %}
    -- Days and keys first, so that texts are read on the days alone that are the latest of some key.
    select {{ columns }} from {{ readings }}
    where
        {{ date }} in (select max({{ date }}) from {{ readings }} group by {{ key }})
        and ({{ key }}, {{ date }}) in (select {{ key }}, max({{ date }}) from {{ readings }} group by {{ key }})
    limit 1 by {{ key }}
    {%- else %}
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
                {{ key }} in (select tupleElement(arrayJoin({{ incomplete }}), 1))
                -- 1970-01-01 where nothing is incomplete, as on most days: history is then not read
                and {{ date }} < assumeNotNull(arrayMax(tupleElement({{ incomplete }}, 2)))
            {%- endif %}
        )
        group by {{ key }}
    )
{%- endif %}
{%- endmacro %}
