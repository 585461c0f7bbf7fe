"""The quote endpoint and what belongs to it, on the operational database."""
