select
    {{ conform_nothing('audience_hours', 'facebook') }}
where false
