"""Superset's dashboards on tens of millions of post-days: deployed and asked as a browser does."""
