{{ latest_insights('tiktok', 'audience') }}
