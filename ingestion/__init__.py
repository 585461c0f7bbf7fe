"""From the platforms' APIs to raw tables: one dlt source per platform, and a sandbox of the APIs."""
