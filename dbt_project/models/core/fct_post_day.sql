{#- A new day stays a part of its own, which the models after it read alone; a month is merged into one
    part when it has not changed for 40 days. -#}
{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='toYYYYMM(snapshot_date)',
        order_by='(account_key, post_key, snapshot_date)',
        settings={
            'max_bytes_to_merge_at_max_space_in_pool': 1,
            'min_age_to_force_merge_seconds': 40 * 24 * 3600,
            'min_age_to_force_merge_on_partition_only': 1,
            'enable_max_bytes_limit_for_min_age_to_force_merge': 0,
        },
        pre_hook="{{ drop_vanished_months(conformed_views('post_days')) }}",
        meta={'attaches_new_days': true, 'rows_by_month': 'post_day_rows'},
    )
}}
{%- if is_incremental() %}
{{ post_day_rows(first_day(), last_day(), this, replaces=not brings_new_days()) }}
{%- else %}
{{ post_day_rows() }}
{%- endif %}
