{{ config(materialized='table', order_by='date') }}
{%- set first_day, last_day = calendar_bounds() %}
with
days as (
    select toDate('{{ first_day }}') + number as date
    from numbers(dateDiff('day', toDate('{{ first_day }}'), toDate('{{ last_day }}')) + 1)
)

select
    cast(date as Date) as date,
    cast(toISOYear(date) as UInt16) as iso_year,
    cast(toISOWeek(date) as UInt8) as iso_week,
    cast(toYear(date) as UInt16) as year,
    cast(toQuarter(date) as UInt8) as quarter,
    cast(toMonth(date) as UInt8) as month,
    cast(toDayOfWeek(date) as UInt8) as weekday,
    cast(dateName('weekday', date) as LowCardinality(String)) as weekday_name,
    cast(toDayOfWeek(date) > 5 as Bool) as is_weekend,
    cast(toMonday(date) as Date) as week_start_date,
    cast(toStartOfMonth(date) as Date) as month_start_date
from days
