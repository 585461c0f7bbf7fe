{#- What the current version of the seed `reason_code` says. No model repeats a threshold or a minimum. -#}

{% macro current_reason_codes() -%}
    (
        select * from {{ ref('reason_code') }}
        where version = (select max(version) from {{ ref('reason_code') }})
    )
{%- endmacro %}

{#- The threshold of one code, as a scalar. -#}
{% macro reason_threshold(code) -%}
    (select max(threshold) from {{ current_reason_codes() }} where code = '{{ code }}')
{%- endmacro %}

{#- The minimum samples as one map, signal -> n. -#}
{% macro signal_minimums() -%}
    (select cast((groupArray(signal), groupArray(minimum_n)), 'Map(String, Int64)') from {{ current_reason_codes() }})
{%- endmacro %}

{#- `value`, or NULL where `n` is below the signal's minimum in the column `minimums`. -#}
{% macro known_signal(signal, value, n) -%}
    if({{ n }} >= minimums['{{ signal }}'], {{ value }}, null)
{%- endmacro %}

{#- The three columns of each signal. -#}
{% macro signal_columns(signals) -%}
    {%- set columns = [] -%}
    {%- for signal in signals -%}
        {%- do columns.extend([signal ~ '_value', signal ~ '_n', signal ~ '_percentile']) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}
