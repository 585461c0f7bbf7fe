"""Forecast, authenticity, risk and pricing models over the marts."""
