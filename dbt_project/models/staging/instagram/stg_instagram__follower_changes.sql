{{ latest_insights('instagram', 'follower_changes') }}
