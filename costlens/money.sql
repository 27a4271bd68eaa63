-- What steps and questions share: money as whole units, and the one split.
-- units(x): money as a whole number of 10^-12, in HUGEINT. amount(u): the way back. Both are exact.
create or replace temp macro units(x) as (x * 1000000000000::decimal(13, 0))::hugeint;

create or replace temp macro amount(u) as
    (u::decimal(38, 0) * 0.000000000001::decimal(13, 12))::decimal(38, 12);

-- The sum of amounts in a basis, billed or effective, in units.
create or replace temp macro sum_in(basis, billed, effective) as
    units(sum(case basis when 'billed' then billed else effective end)::decimal(38, 12));

-- Of the three need-sets of a stage, that of a level.
create or replace temp macro set_of(level, feature_set, model_set, product_set) as
    case level
        when 'feature' then feature_set
        when 'model' then model_set
        when 'product' then product_set
    end;

-- a * w / total, rounded down, and what that leaves; never larger than a or total squared on the way.
create or replace temp macro part_floor(a, w, total) as
    (a // total) * w + ((a % total) * w) // total;

create or replace temp macro part_rest(a, w, total) as ((a % total) * w) % total;

-- What part of a bill a stage's cost is, told as `level` tells: by its stage, pipeline, service, class, source or
-- outcome, as part of the bill, or, of a level of targets, by why none of them bears it.
create or replace temp macro whole_of(
    level, stage, pipeline, service, class, source, outcome, feature_set, model_set, product_set
) as
    case level
        when 'stage' then stage
        when 'pipeline' then pipeline
        when 'service' then service
        when 'class' then class
        when 'source' then source
        when 'outcome' then outcome
        when 'part' then case
            when outcome <> 'allocated' then outcome
            when class in ('waste', 'commitment_unused') then class
            else 'work'
        end
        else case
            when set_of(level, feature_set, model_set, product_set) is not null then null
            when outcome = 'allocated' then '(no ' || level || ')'
            else '(' || outcome || ')'
        end
    end;

-- What the member at a place of an even split of units gets: of r left over, the first r get one each.
create or replace temp macro even_part(u, place, members) as
    sign(u) * (abs(u) // members + (place <= abs(u) % members)::hugeint);

-- A name or value against a pattern with * and ?, case folded.
create or replace temp macro fits(value, pattern) as lower(value) glob lower(pattern);

-- The same of what is asked for: without a pattern, all.
create or replace temp macro asked_for(value, pattern) as pattern is null or fits(value, pattern);

create or replace temp macro micros(start, stop) as (epoch_us(stop) - epoch_us(start))::hugeint;

-- split(pieces): pieces has (piece, member, weight, billed, effective); a piece's two amounts stand on
-- each of its rows. Adds `parts_billed` and `parts_effective`, which re-add to the piece exactly:
-- largest remainder, ties to the earlier member; a negative amount is split as its absolute value.
-- Weights are whole and not negative, and sum to more than 0.
create or replace temp macro split(pieces) as table
with weighed as (
    select
        *,
        sum(weight) over (partition by piece) as total_weight,
        abs(units(billed)) as billed_units,
        abs(units(effective)) as effective_units
    from query_table(pieces)
),

floors as (
    select
        *,
        part_floor(billed_units, weight, total_weight) as billed_floor,
        part_rest(billed_units, weight, total_weight) as billed_rest,
        part_floor(effective_units, weight, total_weight) as effective_floor,
        part_rest(effective_units, weight, total_weight) as effective_rest
    from weighed
),

ranked as (
    select
        *,
        billed_units - sum(billed_floor) over (partition by piece) as billed_missing,
        row_number() over (partition by piece order by billed_rest desc, member) as billed_rank,
        effective_units - sum(effective_floor) over (partition by piece) as effective_missing,
        row_number() over (partition by piece order by effective_rest desc, member)
            as effective_rank
    from floors
)

select
    piece,
    member,
    weight::hugeint as weight,
    total_weight::hugeint as total_weight,
    amount(
        sign(billed) * (billed_floor + (billed_rank <= billed_missing)::hugeint)
    ) as billed_part,
    amount(
        sign(effective) * (effective_floor + (effective_rank <= effective_missing)::hugeint)
    ) as effective_part
from ranked;

-- A part of a whole, rounded half up to four places; null where there is no whole.
create or replace temp macro ratio(a, b) as
    case
        when b > 0
            then (((units(a) * 20000 + units(b)) // (2 * units(b)))::decimal(18, 0) * 0.0001)::decimal(9, 4)
    end;

-- Units times a rate in units, summed, back to money: rounded once, half away from zero.
create or replace temp macro converted(x) as
    amount(
        sign(x) * ((abs(x) * 2 + 1000000000000::hugeint) // 2000000000000::hugeint)
    );

-- The quotient of two amounts, rounded half away from zero to four places; null unless b is above 0.
create or replace temp macro quotient(a, b) as
    case
        when b > 0
            then (sign(a) * ((abs(units(a)) * 20000 + units(b)) // (2 * units(b)))::decimal(34, 0) * 0.0001)
            ::decimal(38, 4)
    end;

-- The hop to one of the units that are shared apart; none where all of a machine is one size.
create or replace temp macro unit_hops(place, of_unit, part, whole, graded) as
    list_filter(
        [
            {
                'hop': 'unit',
                'via': place,
                'measure': of_unit,
                'numerator': part::decimal(38, 0),
                'denominator': whole::decimal(38, 0),
                'grade': graded
            }
        ],
        lambda h: h.measure <> ''
    );

-- The hops of an amount in words, with the weights that were used, not reduced.
create or replace temp macro told_hops(hops) as
    list_aggregate(
        list_transform(
            hops,
            lambda h: h.hop || ' ' || h.via || ' by ' || h.measure || ' '
            || h.numerator || '/' || h.denominator
        ),
        'string_agg',
        ' → '
    );

-- borne(pieces, sets, whose): what one member of need-sets bears of each piece of their cost. The
-- ledger splits the sum of a need-set, of one day and kind, once; a piece's part is the difference that it
-- makes to the running sum, stage by stage, so parts re-add to the ledger, and pieces of a stage to it.
-- pieces has (billing_period, day, source, need_set, service, class, grade, currency, stage, position,
-- billed, effective), and what else shall stay; sets their members, as `shares` has them.
create or replace temp macro borne(pieces, sets, whose) as table
with mine as (
    select need_set, rung, place, members, numerator, denominator, grade as need_grade
    from query_table(sets)
    where target = whose
),

running as materialized (
    select
        p.* exclude (billed, effective),
        m.* exclude (need_set),
        row_number() over () as piece,
        units(p.billed) as billed,
        units(p.effective) as effective,
        units((sum(p.billed) over in_order)::decimal(38, 12)) as billed_after,
        units((sum(p.effective) over in_order)::decimal(38, 12)) as effective_after
    from query_table(pieces) as p
    inner join mine as m on p.need_set = m.need_set
    window in_order as (
        partition by
            p.billing_period, p.day, p.source, p.need_set, p.service, p.class, p.grade, p.currency
        order by p.stage, p.position
        rows unbounded preceding
    )
),

weighted as (
    select
        r.piece * 2 + s.side as piece,
        m.target as member,
        m.numerator::hugeint as weight,
        amount(r.billed_after - (1 - s.side) * r.billed) as billed,
        amount(r.effective_after - (1 - s.side) * r.effective) as effective
    from running as r
    inner join query_table(sets) as m on r.need_set = m.need_set
    cross join (values (0), (1)) as s (side)
    where r.rung not in ('even', 'only')
),

by_weight as (
    select
        piece // 2 as piece,
        sum(case piece % 2 when 1 then billed_part else -billed_part end)::decimal(38, 12) as billed_part,
        sum(case piece % 2 when 1 then effective_part else -effective_part end)::decimal(38, 12)
            as effective_part
    from split('weighted')
    where member = whose
    group by all
)

select
    r.* exclude (piece, place, members, billed, effective, billed_after, effective_after),
    amount(r.billed) as placed_billed,
    amount(r.effective) as placed_effective,
    amount(r.billed_after - r.billed) as billed_base,
    amount(r.effective_after - r.effective) as effective_base,
    case r.rung
        when 'only' then amount(r.billed)
        when 'even' then amount(
            even_part(r.billed_after, r.place, r.members)
            - even_part(r.billed_after - r.billed, r.place, r.members)
        )
        else w.billed_part
    end as billed,
    case r.rung
        when 'only' then amount(r.effective)
        when 'even' then amount(
            even_part(r.effective_after, r.place, r.members)
            - even_part(r.effective_after - r.effective, r.place, r.members)
        )
        else w.effective_part
    end as effective
from running as r
left join by_weight as w on r.piece = w.piece;
