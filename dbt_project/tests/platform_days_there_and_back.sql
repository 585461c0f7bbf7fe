-- A platform's days to UTC and back, over both changes of the Pacific clock, as written by hand.
with
known_days as (
    select
        tupleElement(known, 1) as platform,
        toDate(tupleElement(known, 2)) as date,
        toDateTime64(tupleElement(known, 3), 6, 'UTC') as start_at,
        toDateTime64(tupleElement(known, 4), 6, 'UTC') as end_at
    from (
        select
            arrayJoin([
                ('instagram', '2026-01-15', '2026-01-15 08:00:00', '2026-01-16 08:00:00'),
                ('facebook', '2026-03-07', '2026-03-07 08:00:00', '2026-03-08 08:00:00'),
                ('instagram', '2026-03-08', '2026-03-08 08:00:00', '2026-03-09 07:00:00'), -- 23 hours
                ('youtube', '2026-03-09', '2026-03-09 07:00:00', '2026-03-10 07:00:00'),
                ('youtube', '2026-10-31', '2026-10-31 07:00:00', '2026-11-01 07:00:00'),
                ('facebook', '2026-11-01', '2026-11-01 07:00:00', '2026-11-02 08:00:00'), -- 25 hours
                ('instagram', '2026-11-02', '2026-11-02 08:00:00', '2026-11-03 08:00:00'),
                ('tiktok', '2026-03-08', '2026-03-08 00:00:00', '2026-03-09 00:00:00'),
                ('tiktok', '2026-11-01', '2026-11-01 00:00:00', '2026-11-02 00:00:00')
            ]) as known
    ) as rows_by_hand
),

found_days as (
    select
        *,
        {{ platform_day_start_at('platform', 'date') }} as found_start_at,
        {{ platform_day_end_at('platform', 'date') }} as found_end_at,
        [
            {{ platform_day('platform', 'start_at - toIntervalSecond(1)') }},
            {{ platform_day('platform', 'start_at') }},
            {{ platform_day('platform', 'end_at - toIntervalSecond(1)') }},
            {{ platform_day('platform', 'end_at') }}
        ] as days_at_the_edges
    from known_days
)

select *
from found_days
where
    found_start_at != start_at
    or found_end_at != end_at
    or days_at_the_edges != [date - 1, date, date, date + 1]
