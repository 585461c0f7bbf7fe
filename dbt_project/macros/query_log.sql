{#- What the engine logs of its queries: of one server, or of every node of the target's cluster. -#}
{% macro query_log() -%}
    {%- set log = source('system', 'query_log') -%}
    {{ "clusterAllReplicas('" ~ target.cluster ~ "', system.query_log)" if target.cluster else log }}
{%- endmacro %}

{% macro on_every_node() -%}
    {{ 'on cluster ' ~ target.cluster if target.cluster else '' }}
{%- endmacro %}
