{#-
  What came in is what is there: on each day, `measure` of the model (an aggregate, e.g. `count()` or
  `sum(post_count)`) equals `to_measure` of `to`, from which it is made. `found_in` looks at another
  relation than the one that the test stands at: a platform's folder says so what core is to hold.
  Of a run that is for some days those alone are read.
-#}
{% test row_reconciliation(
    model, to, measure='count()', to_measure='count()', found_in=none, condition='true', to_condition='true',
    date='snapshot_date'
) %}
with
found as (
    select
        {{ date }} as day,
        toInt64({{ measure }}) as amount
    from {{ found_in or model }}
    where {{ tested_days(date) }} and {{ condition }}
    group by day
),

expected as (
    select
        {{ date }} as day,
        toInt64({{ to_measure }}) as amount
    from {{ to }}
    where {{ tested_days(date) }} and {{ to_condition }}
    group by day
)

select
    coalesce(found.day, expected.day) as day,
    found.amount as found_amount,
    expected.amount as expected_amount
from found
full outer join expected on found.day = expected.day
where coalesce(found.amount, 0) != coalesce(expected.amount, 0)
{% endtest %}
