"""The one door to ClickHouse: settings, client, embedded server, schema that code writes."""
