{#- A name without case, accents, spaces and signs, to compare; NULL where nothing is left. -#}
{% macro bare_name(name) -%}
    nullIf(replaceRegexpAll(normalizeUTF8NFKD(lowerUTF8({{ name }})), '[^\\p{L}\\p{N}]', ''), '')
{%- endmacro %}
