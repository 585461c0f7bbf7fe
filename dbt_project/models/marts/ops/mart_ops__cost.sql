{{
    config(
        materialized='incremental',
        incremental_strategy='delete_insert',
        unique_key=['event_date', 'kind', 'asset'],
        partition_by='toYYYYMM(event_date)',
        order_by='(event_date, kind, asset)',
        full_refresh=false,
        pre_hook="system flush logs {{ on_every_node() }}",
    )
}}
-- The log keeps 30 days and this table all: a full refresh would forget what the log has forgotten.
-- The days are those on which queries ran, whatever days they were for, so a run goes on from the last
-- day that it knows, which was not over yet.
with
queries as (
    select
        event_date,
        JSONExtractString(log_comment, 'kind') as labelled_kind,
        JSONExtractString(log_comment, 'asset') as labelled_asset,
        exception_code,
        query_duration_ms,
        read_rows,
        read_bytes as bytes_read,
        written_rows,
        memory_usage
    from {{ query_log() }}
    where
        type != 'QueryStart'
        and is_initial_query = 1
        {% if is_incremental() -%}
        and event_date >= (select max(event_date) from {{ this }})
        {%- endif %}
)

select
    cast(event_date as Date) as event_date,
    cast(if(labelled_kind = '', 'other', labelled_kind) as LowCardinality(String)) as kind,
    cast(if(labelled_asset = '', 'unlabelled', labelled_asset) as String) as asset,
    cast(count() as Int64) as query_count,
    cast(countIf(exception_code != 0) as Int64) as failed_query_count,
    cast(sum(query_duration_ms) / 1000 as Float64) as query_seconds,
    cast(sum(read_rows) as Int64) as read_row_count,
    cast(sum(bytes_read) as Int64) as read_bytes,
    cast(sum(written_rows) as Int64) as written_row_count,
    cast(max(memory_usage) as Int64) as peak_memory_bytes
from queries
group by event_date, kind, asset
