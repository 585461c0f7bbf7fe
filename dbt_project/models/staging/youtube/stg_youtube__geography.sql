{{ latest_insights('youtube', 'geography') }}
