{#- Every known value lies between `minimum` and `maximum`, both inclusive; NaN and infinity never do. -#}
{% test in_range(model, column_name, minimum=none, maximum=none, day=none) %}
select *
from {{ model }}
where
    {{ tested_days(day) if day else 'true' }}
    and {{ column_name }} is not null
    and (
        not isFinite(toFloat64({{ column_name }}))
        {%- if minimum is not none %}
        or {{ column_name }} < {{ minimum }}
        {%- endif %}
        {%- if maximum is not none %}
        or {{ column_name }} > {{ maximum }}
        {%- endif %}
    )
{% endtest %}
