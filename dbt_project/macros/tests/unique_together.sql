{#- The columns together identify a row. `day` limits the test to the days that the run rebuilt. -#}
{% test unique_together(model, columns, day=none) %}
select
    {{ columns | join(', ') }},
    count() as row_count
from {{ model }}
where {{ tested_days(day) if day else 'true' }}
group by {{ columns | join(', ') }}
having row_count > 1
{% endtest %}
