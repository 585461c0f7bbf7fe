{#-
  What core reads of a platform: views in the platform's staging folder, named
  `stg_<platform>__<view>`, with exactly these columns. Core unites them over `platforms()`, so a
  platform is one staging folder and core does not change.

  account_days: an account's profile and own counters, one row for each account and day.
  account_insights: what the platform measured of an account's day, one row for each account, day of
    reading and day measured; the platform restates, so a day is read more than once.
  audience_days: an account's audience by segment, one row for each account, day of reading,
    audience, dimension and segment.
  audience_hours: followers online, one row for each account, day of reading and hour.
  comments: one row for each comment or reply and day of reading.
  posts: what a post is, one row for each post and day on which that was read.
  post_days: a post's lifetime counters, one row for each listed post and day. Reach may be of an earlier
    moment than the counters: reached_interaction_count is interaction_count of the moment of the reach.

  A platform that does not have such a thing says so in one line: `conform_nothing`.
-#}
{% macro conformed_columns(view) -%}
    {%- set views = {
        'account_days': {
            'platform': 'LowCardinality(String)',
            'account_id': 'String',
            'snapshot_date': 'Date',
            'fetched_at': "DateTime64(6, 'UTC')",
            'handle': 'Nullable(String)',
            'display_name': 'Nullable(String)',
            'description': 'Nullable(String)',
            'profile_url': 'Nullable(String)',
            'avatar_url': 'Nullable(String)',
            'country': 'Nullable(String)',
            'category': 'Nullable(String)',
            'is_verified': 'Nullable(Bool)',
            'account_created_at': "Nullable(DateTime64(6, 'UTC'))",
            'follower_count': 'Nullable(Int64)',
            'is_follower_count_hidden': 'Nullable(Bool)',
            'following_count': 'Nullable(Int64)',
            'lifetime_view_count': 'Nullable(Int64)',
            'lifetime_like_count': 'Nullable(Int64)',
            'lifetime_post_count': 'Nullable(Int64)',
            'community_guidelines_good_standing': 'Nullable(Bool)',
            'copyright_strikes_good_standing': 'Nullable(Bool)',
            'content_id_claims_good_standing': 'Nullable(Bool)',
        },
        'account_insights': {
            'platform': 'LowCardinality(String)',
            'account_id': 'String',
            'snapshot_date': 'Date',
            'date': 'Date',
            'fetched_at': "DateTime64(6, 'UTC')",
            'reach_count': 'Nullable(Int64)',
            'view_count': 'Nullable(Int64)',
            'view_definition': 'Nullable(String)',
            'profile_view_count': 'Nullable(Int64)',
            'gained_follower_count': 'Nullable(Int64)',
            'lost_follower_count': 'Nullable(Int64)',
            'engagement_count': 'Nullable(Int64)',
            'engaged_account_count': 'Nullable(Int64)',
        },
        'audience_days': {
            'platform': 'LowCardinality(String)',
            'account_id': 'String',
            'snapshot_date': 'Date',
            'fetched_at': "DateTime64(6, 'UTC')",
            'audience': 'String',
            'dimension': 'String',
            'segment': 'String',
            'audience_count': 'Nullable(Int64)',
            'share': 'Nullable(Float64)',
        },
        'audience_hours': {
            'platform': 'LowCardinality(String)',
            'account_id': 'String',
            'snapshot_date': 'Date',
            'fetched_at': "DateTime64(6, 'UTC')",
            'date': 'Date',
            'hour': 'UInt8',
            'hour_at': "DateTime('UTC')",
            'active_follower_count': 'Nullable(Int64)',
        },
        'comments': {
            'platform': 'LowCardinality(String)',
            'account_id': 'String',
            'post_id': 'String',
            'comment_id': 'String',
            'snapshot_date': 'Date',
            'fetched_at': "DateTime64(6, 'UTC')",
            'parent_comment_id': 'Nullable(String)',
            'author_id': 'Nullable(String)',
            'author_name': 'Nullable(String)',
            'is_by_owner': 'Nullable(Bool)',
            'comment_text': 'Nullable(String)',
            'language': 'Nullable(String)',
            'like_count': 'Nullable(Int64)',
            'reply_count': 'Nullable(Int64)',
            'published_at': "Nullable(DateTime64(6, 'UTC'))",
            'is_hidden': 'Nullable(Bool)',
        },
        'posts': {
            'platform': 'LowCardinality(String)',
            'account_id': 'String',
            'post_id': 'String',
            'snapshot_date': 'Date',
            'published_at': "Nullable(DateTime64(6, 'UTC'))",
            'post_format': 'Nullable(String)',
            'title': 'Nullable(String)',
            'description': 'Nullable(String)',
            'language': 'Nullable(String)',
            'duration_seconds': 'Nullable(Int64)',
            'share_url': 'Nullable(String)',
            'cover_image_url': 'Nullable(String)',
            'category_id': 'Nullable(String)',
            'privacy_status': 'Nullable(String)',
            'is_made_for_kids': 'Nullable(Bool)',
            'has_synthetic_media': 'Nullable(Bool)',
            'has_paid_product_placement': 'Nullable(Bool)',
        },
        'post_days': {
            'platform': 'LowCardinality(String)',
            'account_id': 'String',
            'post_id': 'String',
            'snapshot_date': 'Date',
            'fetched_at': "DateTime64(6, 'UTC')",
            'published_at': "Nullable(DateTime64(6, 'UTC'))",
            'view_count': 'Nullable(Int64)',
            'view_definition': 'Nullable(String)',
            'like_count': 'Nullable(Int64)',
            'comment_count': 'Nullable(Int64)',
            'share_count': 'Nullable(Int64)',
            'save_count': 'Nullable(Int64)',
            'reach_count': 'Nullable(Int64)',
            'interaction_count': 'Nullable(Int64)',
            'reached_interaction_count': 'Nullable(Int64)',
        },
    } -%}
    {{ return(views[view]) }}
{%- endmacro %}

{#-
  The select list of a platform's conformed view. `given` names, in the order above, the columns that
  the platform has: by the same name in what the view reads, or as a mapping to an expression.
  All others are NULL.
-#}
{% macro conform(view, platform, given) -%}
    {%- set columns = conformed_columns(view) -%}
    {%- set expressions = {'platform': "'" ~ platform ~ "'"} -%}
    {%- for name in given -%}
        {%- do expressions.update(name if name is mapping else {name: name}) -%}
    {%- endfor -%}
    {%- for name in expressions if name not in columns -%}
        {{ exceptions.raise_compiler_error(
            'stg_' ~ platform ~ '__' ~ view ~ ': ' ~ name ~ ' is no column of ' ~ view ~ '. See macros/conformed.sql.'
        ) }}
    {%- endfor -%}
    {%- for name, type in columns.items() -%}
        {%- if name not in expressions and not type.startswith('Nullable') -%}
            {{ exceptions.raise_compiler_error(
                'stg_' ~ platform ~ '__' ~ view ~ ': ' ~ name ~ ' is missing. See macros/conformed.sql.'
            ) }}
        {%- endif %}
    cast({{ expressions.get(name, 'null') }} as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- A platform's conformed view of what the platform does not have: its columns and no row. -#}
{% macro conform_nothing(view, platform) -%}
    {%- for name, type in conformed_columns(view).items() %}
    cast(
        {{- 'null' if type.startswith('Nullable') else 'defaultValueOfTypeName(\'' ~ type | replace("'", "\\'") ~ '\')' }} as {{ type -}}
    ) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- A conformed view of every platform, as relations. -#}
{% macro conformed_views(view) -%}
    {%- set relations = [] -%}
    {%- for platform in platforms() -%}
        {%- do relations.append(ref('stg_' ~ platform ~ '__' ~ view)) -%}
    {%- endfor -%}
    {{ return(relations) }}
{%- endmacro %}

{#- The rows of all platforms in a conformed view that meet the predicate `where`. -#}
{% macro every_platform(view, where='true') -%}
    {%- for relation in conformed_views(view) %}
    select {{ conformed_columns(view) | join(', ') }}
    from {{ relation }}
    where {{ where }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
