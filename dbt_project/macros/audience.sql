{#- What the audience marts say of an audience's make-up; `metrics.yml` states it in words. -#}

{#- Segments of a dimension that have a column of their own: segment -> ending of the column's name. -#}
{% macro audience_segments(dimension) -%}
    {{ return({
        'age': {
            '13-17': '13_17', '18-24': '18_24', '25-34': '25_34', '35-44': '35_44', '45-54': '45_54',
            '55-64': '55_64', '65+': '65_plus',
        },
        'gender': {'female': 'female', 'male': 'male', 'other': 'other'},
    }[dimension]) }}
{%- endmacro %}

{#- The column of a segment. -#}
{% macro audience_share(ending) -%}
    audience_share_{{ ending }}
{%- endmacro %}

{#-
  Jensen-Shannon distance of two distributions (0 the same, 1 nothing in common; base 2): each is an
  array of its segments and one of their shares, which add up to 1. NULL where one has no segment.
-#}
{% macro jensen_shannon_distance(segments, shares, other_segments, other_shares) -%}
    {%- set both = 'arraySort(arrayDistinct(arrayConcat(' ~ segments ~ ', ' ~ other_segments ~ ')))' -%}
    if(
        notEmpty({{ segments }}) and notEmpty({{ other_segments }}),
        sqrt(least(1, greatest(0, arraySum(
            segment -> {{ divergence_part(shares ~ '[indexOf(' ~ segments ~ ', segment)]', other_shares ~ '[indexOf(' ~ other_segments ~ ', segment)]') }},
            {{ both }}
        )))),
        null
    )
{%- endmacro %}

{#- What one segment with the shares `p` and `q` adds to the divergence from their mean. -#}
{% macro divergence_part(p, q) -%}
    (
        if({{ p }} > 0, {{ p }} * log2(2 * {{ p }} / ({{ p }} + {{ q }})), 0)
        + if({{ q }} > 0, {{ q }} * log2(2 * {{ q }} / ({{ p }} + {{ q }})), 0)
    ) / 2
{%- endmacro %}
