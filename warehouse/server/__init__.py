"""The embedded warehouse: ClickHouse's HTTP interface over the engine as a library (chdb).

One process owns a data folder and speaks the protocol that clickhouse-connect, dbt-clickhouse,
dlt and Superset speak to a real server. ``python -m warehouse server`` starts it;
``docs/warehouse.md`` says what it supports and what it refuses.
"""
