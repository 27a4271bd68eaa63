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

-- A name or value against a pattern with * and ?, case folded.
create or replace temp macro fits(value, pattern) as lower(value) glob lower(pattern);

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
