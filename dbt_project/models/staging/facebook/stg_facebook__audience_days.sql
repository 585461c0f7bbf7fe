select
    {{ conform_nothing('audience_days', 'facebook') }}
where false
