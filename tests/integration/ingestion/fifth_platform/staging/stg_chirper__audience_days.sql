select
    {{ conform_nothing('audience_days', 'chirper') }}
where false
