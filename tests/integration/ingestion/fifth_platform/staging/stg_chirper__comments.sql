select
    {{ conform_nothing('comments', 'chirper') }}
where false
