select
    {{ conform_nothing('audience_hours', 'chirper') }}
where false
