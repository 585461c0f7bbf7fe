"""Which of dbt's targets is built: one server, or a cluster where one is named."""

from orchestration.resources import dbt_environment
from warehouse.settings import WarehouseSettings


def test_a_cluster_that_is_named_is_dbts_target() -> None:
    one = dbt_environment(WarehouseSettings(_env_file=None))
    assert not {"CLICKHOUSE_CLUSTER", "DBT_TARGET"} & set(one)
    many = dbt_environment(WarehouseSettings(_env_file=None, cluster="social"))
    assert many["CLICKHOUSE_CLUSTER"] == "social"
    assert many["DBT_TARGET"] == "cluster"
