{#- What an account's cover would rest on; `metrics.yml` states it in words. -#}

{#- Change of the logarithm since the day before: NULL where either is not known or is zero. -#}
{% macro log_change(now, before) -%}
    if({{ now }} > 0 and {{ before }} > 0, log({{ now }}) - log({{ before }}), null)
{%- endmacro %}

{#- Standard deviation of daily changes over the days up to a row, NULL where fewer than `minimum` are known. -#}
{% macro trailing_volatility(change, days, minimum) -%}
    if(
        count({{ change }}) over {{ trailing_days(days) }} >= {{ minimum }},
        stddevSampStable({{ change }}) over {{ trailing_days(days) }},
        null
    )
{%- endmacro %}

{#-
  Income of a year that the sponsored posts would bring at the rate card, in its currency: posts x
  rate x followers / 1,000, exact in Decimal, rounded half away from zero to two places at the end.
-#}
{% macro modelled_income_amount(sponsored_posts, followers, rate_per_thousand) -%}
    round(
        toDecimal128({{ rate_per_thousand }}, 8) * {{ sponsored_posts }} * {{ followers }} / toDecimal128(1000, 0), 2
    )
{%- endmacro %}
