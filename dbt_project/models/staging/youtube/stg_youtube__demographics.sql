{{ latest_insights('youtube', 'demographics') }}
