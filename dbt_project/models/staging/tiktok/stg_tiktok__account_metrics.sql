{{ latest_insights('tiktok', 'account_insights') }}
