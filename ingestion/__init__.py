"""Platform APIs to raw tables: one dlt source per platform, the client they share, the pipeline."""
