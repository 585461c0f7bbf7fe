select
    {{ conform_nothing('audience_hours', 'youtube') }}
where false
