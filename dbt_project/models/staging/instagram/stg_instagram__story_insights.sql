{{ latest_insights('instagram', 'story_insights') }}
