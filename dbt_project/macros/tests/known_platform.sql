{#- Every value is a platform that the house reads. -#}
{% test known_platform(model, column_name) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} not in ('{{ platforms() | join("', '") }}')
{% endtest %}
