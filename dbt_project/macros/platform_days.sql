{#-
  A platform cuts days at its own midnight, and its insights are of such days: 23 to 25 hours long
  where its clock changes. Which zone that is stands with the platform's source in ingestion
  (`platform_time_zones`); one that is not known there cuts days in UTC.

  `platform` and the other arguments are SQL expressions: columns, or literals in quotes.
-#}

{#- `expression` with the zone of the row's platform in place of `__zone__`, which SQL wants constant. -#}
{% macro in_zone_of(platform, expression) -%}
    {%- set zones = platform_time_zones() -%}
    multiIf(
        {%- for zone in zones.values() | unique if zone != 'UTC' %}
        {{ platform }} in (
            {%- set separator = joiner(', ') -%}
            {%- for name in zones if zones[name] == zone %}{{ separator() }}'{{ name }}'{% endfor -%}
        ), {{ expression | replace('__zone__', zone) }},
        {%- endfor %}
        {{ expression | replace('__zone__', 'UTC') }}
    )
{%- endmacro %}

{#- The moment (UTC) at which the platform's day `date` begins. -#}
{% macro platform_day_start_at(platform, date) -%}
    {{ in_zone_of(platform, "toTimeZone(toDateTime64(toDate(" ~ date ~ "), 6, '__zone__'), 'UTC')") }}
{%- endmacro %}

{#- The moment (UTC) at which it ends: the next one begins. -#}
{% macro platform_day_end_at(platform, date) -%}
    {{ platform_day_start_at(platform, 'toDate(' ~ date ~ ') + 1') }}
{%- endmacro %}

{#- The platform's day in which the moment `at` lies. -#}
{% macro platform_day(platform, at) -%}
    {{ in_zone_of(platform, "toDate(" ~ at ~ ", '__zone__')") }}
{%- endmacro %}

{#-
  The moment (UTC) at which the platform's clock shows `hour` (0-23) on its day `date`. Of an hour
  that the clock shows twice the first; NULL for the one that it skips.
-#}
{% macro platform_hour_at(platform, date, hour) -%}
    {%- set clock -%}
        makeDateTime(toYear({{ date }}), toMonth({{ date }}), toDayOfMonth({{ date }}), {{ hour }}, 0, 0, '__zone__')
    {%- endset -%}
    {{ in_zone_of(platform, "if(toHour(" ~ clock ~ ") = " ~ hour ~ ", toTimeZone(" ~ clock ~ ", 'UTC'), null)") }}
{%- endmacro %}
