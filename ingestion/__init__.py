"""From the platforms' APIs to raw tables: a dlt source per platform, and a sandbox of the APIs."""
