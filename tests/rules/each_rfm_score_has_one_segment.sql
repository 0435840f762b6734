with

segments as (select * from {{ ref('rfm_segments') }}),

scores as (
    select explode(sequence(1, 5)) as score
),

found as (
    select
        recency.score as recency_score,
        frequency.score as frequency_score,
        monetary.score as monetary_score,
        count(segments.rfm_segment) as boxes
    from scores as recency
    cross join scores as frequency
    cross join scores as monetary
    left join segments
        on recency.score between min_recency_score and max_recency_score
        and frequency.score between min_frequency_score and max_frequency_score
        and monetary.score between min_monetary_score and max_monetary_score
    group by recency.score, frequency.score, monetary.score
)

select * from found where boxes != 1
