{{ latest_insights('facebook', 'page_insights') }}
