{#- Where a person can look at the post: as the platform gave it, else built from its id. -#}
{% macro post_url(platform, post_id, handle, share_url) -%}
    multiIf(
        {{ share_url }} is not null, {{ share_url }},
        {{ platform }} = 'youtube', concat('https://www.youtube.com/watch?v=', {{ post_id }}),
        {{ platform }} = 'tiktok', concat('https://www.tiktok.com/@', {{ handle }}, '/video/', {{ post_id }}),
        null
    )
{%- endmacro %}
