"""Dagster definitions: every arrow of the house runs here and nobody imports it."""
