{#-
  A platform cuts days at its own midnight, and its insights are of such days: Pacific time on
  Facebook, Instagram and YouTube, 23 to 25 hours long where the clocks change; UTC on TikTok.
  A platform that is not named here cuts them in UTC.

  `platform` and the other arguments are SQL expressions: columns, or literals in quotes.
-#}
{% macro pacific_platforms() -%}
    ('facebook', 'instagram', 'youtube')
{%- endmacro %}

{#- The moment (UTC) at which the platform's day `date` begins. -#}
{% macro platform_day_start_at(platform, date) -%}
    if(
        {{ platform }} in {{ pacific_platforms() }},
        toTimeZone(toDateTime64(toDate({{ date }}), 6, 'America/Los_Angeles'), 'UTC'),
        toDateTime64(toDate({{ date }}), 6, 'UTC')
    )
{%- endmacro %}

{#- The moment (UTC) at which it ends: the next one begins. -#}
{% macro platform_day_end_at(platform, date) -%}
    {{ platform_day_start_at(platform, 'toDate(' ~ date ~ ') + 1') }}
{%- endmacro %}

{#- The platform's day in which the moment `at` lies. -#}
{% macro platform_day(platform, at) -%}
    if({{ platform }} in {{ pacific_platforms() }}, toDate({{ at }}, 'America/Los_Angeles'), toDate({{ at }}, 'UTC'))
{%- endmacro %}

{#-
  The moment (UTC) at which the platform's clock shows `hour` (0-23) on its day `date`. Of an hour
  that the clock shows twice the first; NULL for the one that it skips.
-#}
{% macro platform_hour_at(platform, date, hour) -%}
    {%- set clock -%}
        makeDateTime(toYear({{ date }}), toMonth({{ date }}), toDayOfMonth({{ date }}), {{ hour }}, 0, 0
    {%- endset -%}
    if(
        {{ platform }} in {{ pacific_platforms() }},
        if(
            toHour({{ clock }}, 'America/Los_Angeles')) = {{ hour }},
            toTimeZone({{ clock }}, 'America/Los_Angeles'), 'UTC'),
            null
        ),
        {{ clock }}, 'UTC')
    )
{%- endmacro %}
