{{ latest_insights('instagram', 'media_insights') }}
