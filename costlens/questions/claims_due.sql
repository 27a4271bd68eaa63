-- How many declared benefits there are, how many are evidenced, and how many are to be looked at again.
-- Grain: one row. Reads: claims, realised. Takes: $evidence_level, from which on a claim is evidenced;
-- $as_of, the day that reviews are held against; $owner, or null.
select
    count(*) as claims,
    count(*) filter (likely is null) as without_money,
    count(*) filter (evidence_level >= $evidence_level) as evidenced,
    count(*) filter (claim in (select claim from realised)) as measured,
    count(*) filter (review_on <= $as_of) as due,
    count(*) filter (review_on is null) as without_review,
    min(review_on) filter (review_on > $as_of) as next_review
from claims
where side = 'benefit' and ($owner::varchar is null or owner = $owner)
