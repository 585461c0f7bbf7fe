"""Superset dashboards as code: validate, build, deploy."""
