{#- Statistics that a few wild values do not move. All take arrays of Float64; NaN where they are empty. -#}

{% macro median_of(numbers) -%}
    arrayReduce('quantileExactInclusive(0.5)', {{ numbers }})
{%- endmacro %}

{#- Median of a column over a named window; NULLs count for nothing. -#}
{% macro median_over(column, window) -%}
    quantileExactInclusive(0.5)({{ column }}) over {{ window }}
{%- endmacro %}

{#- Spread in units of a standard deviation: the median distance from `centre`, / 0.6745. -#}
{% macro robust_spread(numbers, centre) -%}
    {{ median_of('arrayMap(number -> abs(number - ' ~ centre ~ '), ' ~ numbers ~ ')') }} / 0.6745
{%- endmacro %}

{#- How often each distinct element stands in a sorted array. -#}
{% macro run_lengths(elements) -%}
    arrayPopFront(
        arrayDifference(
            arrayPushBack(
                arrayFilter(
                    (place, element, before) -> place = 1 or element != before,
                    arrayEnumerate({{ elements }}), {{ elements }},
                    arrayResize(arrayPushFront({{ elements }}, {{ elements }}[1]), length({{ elements }}))
                ),
                length({{ elements }}) + 1
            )
        )
    )
{%- endmacro %}

{#-
  Jensen-Shannon distance (base 2, 0 to 1) of the distribution (`share`, 1 - `share`) from one that has
  all in the first part: 0 where all followers live where the language is spoken, 1 where none does.
-#}
{% macro jensen_shannon_to_one(share) -%}
    sqrt(greatest(
        {{ entropy_of_share('(1 + ' ~ share ~ ') / 2') }} - {{ entropy_of_share(share) }} / 2, 0
    ))
{%- endmacro %}

{#- Entropy in bits of a share and its rest; 0 at both ends. -#}
{% macro entropy_of_share(share) -%}
    (
        if({{ share }} > 0, -({{ share }}) * log2({{ share }}), 0)
        + if({{ share }} < 1, -(1 - ({{ share }})) * log2(1 - ({{ share }})), 0)
    )
{%- endmacro %}

{#- Mean distance of the nine first digits' shares from Benford's law; `counts` is an array of nine. -#}
{% macro benford_deviation(counts) -%}
    arrayAvg(
        (counted, digit) -> abs(counted / arraySum({{ counts }}) - log10(1 + 1 / digit)), {{ counts }}, range(1, 10)
    )
{%- endmacro %}

{#-
  Share of the other accounts of the platform and tier with a lower value that day, 0 to 1; NULL where
  the value is not known or fewer than 20 accounts have one. Equal ones do not count (of signals most
  accounts have the same 0, which is then the lowest place); growth counts them half (percentile_of_rank).
-#}
{% macro cohort_percentile(column, minimum=20) -%}
    if(
        {{ column }} is null or follower_tier is null
        or count({{ column }}) over (partition by platform, follower_tier, snapshot_date) < {{ minimum }},
        null,
        (rank() over (partition by platform, follower_tier, snapshot_date order by {{ column }} nulls last) - 1)
        / (count({{ column }}) over (partition by platform, follower_tier, snapshot_date) - 1)
    )
{%- endmacro %}
