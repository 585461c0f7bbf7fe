{#- What is left of a comment without the people it names and all signs: its words, in lower case. -#}

{#- Array of words, of letters and digits of any script. A mark alone is none: it may be what turns a sign into an emoji. -#}
{% macro comment_words(text) -%}
    extractAll(lowerUTF8(replaceRegexpAll({{ text }}, '@[^\\s@]+', ' ')), '[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}]*')
{%- endmacro %}

{#- Emoji, one word, or the names of friends alone: nothing that took reading the post. -#}
{% macro is_hollow_comment(words) -%}
    {#- Chinese, Japanese and Thai put no space between words: four letters there may be one. -#}
    multiIf(
        empty({{ words }}), true,
        length({{ words }}) > 1, false,
        match({{ words }}[1], '[\\p{Han}\\p{Hiragana}\\p{Katakana}\\p{Thai}]'), lengthUTF8({{ words }}[1]) <= 4,
        true
    )
{%- endmacro %}
