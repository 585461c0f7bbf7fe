"""What :mod:`ml.risk` is made of: frequency, severity, duration, credibility, on any portfolio."""
