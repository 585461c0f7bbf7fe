{{ latest_insights('instagram', 'online_followers') }}
