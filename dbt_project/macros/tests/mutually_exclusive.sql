{#- No row meets two of the conditions at once; a condition that is NULL is not met. -#}
{% test mutually_exclusive(model, conditions, day=none) %}
select *
from {{ model }}
where
    {{ tested_days(day) if day else 'true' }}
    and (
        {%- for condition in conditions %}
        if(coalesce({{ condition }}, false), 1, 0){{ ' +' if not loop.last }}
        {%- endfor %}
    ) > 1
{% endtest %}
