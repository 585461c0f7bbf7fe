"""The one door to ClickHouse: settings, client, the embedded server and the schema that code writes."""
