{{ latest_insights('youtube', 'traffic_sources') }}
