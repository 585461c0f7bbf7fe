{#-
  The days of a key follow each other without a gap; `key` are its columns. Of a run that is for some
  days: those days and the one before them, where the key had begun by then.
-#}
{% test sequence_without_gaps(model, key, date='snapshot_date') %}
{%- set window = 'true' if var('start_date') is none else
    date ~ " between toDate('" ~ var('start_date') ~ "') - 1 and toDate('" ~ var('end_date') ~ "')" %}
select
    {{ key | join(', ') }},
    min({{ date }}) as first_date,
    max({{ date }}) as last_date,
    uniqExact({{ date }}) as day_count
from {{ model }}
where {{ window }}
group by {{ key | join(', ') }}
having day_count != dateDiff('day', first_date, last_date) + 1
{% endtest %}
