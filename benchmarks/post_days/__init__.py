"""A warehouse of tens of millions of post-days: made, built and measured."""
