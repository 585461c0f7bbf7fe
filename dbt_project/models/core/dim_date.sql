{{ config(materialized='table', order_by='date') }}
with
days as (
    select toDate('2015-01-01') + number as date -- noqa: RF04
    from numbers(dateDiff('day', toDate('2015-01-01'), toDate('2041-01-01')))
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
