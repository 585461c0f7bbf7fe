{{ latest_insights('instagram', 'audience') }}
