"""A page that embeds a creator's dashboard, as an application of one's own would."""
