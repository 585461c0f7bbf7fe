{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='toYYYYMM(snapshot_date)',
        order_by='(account_key, post_key, snapshot_date)',
        pre_hook="{{ drop_vanished_months(conformed_views('post_days')) }}",
        meta={'attaches_new_days': true, 'rows_by_month': 'post_day_rows'},
    )
}}
{%- if is_incremental() %}
{{ post_day_rows(first_day(), last_day(), this, replaces=not brings_new_days()) }}
{%- else %}
{{ post_day_rows() }}
{%- endif %}
