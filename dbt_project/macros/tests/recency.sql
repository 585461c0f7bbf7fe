{#-
  The newest `column` is at most `days` older than the newest `to_column` of `to`, which the model is
  made from: it has kept up. Against what it is made from, not against the clock, so that a replay of
  old days passes.
-#}
{% test recency(model, column, to, to_column, days=0) %}
select
    newest.of_model as of_model,
    newest.of_source as of_source
from (
    select
        (select max({{ column }}) from {{ model }}) as of_model,
        (select max({{ to_column }}) from {{ to }}) as of_source
) as newest
where dateDiff('day', newest.of_model, newest.of_source) > {{ days }}
{% endtest %}
