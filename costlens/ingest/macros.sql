-- What a connector pack may say about a column, whatever type the column has: text from CSV, or its
-- own type from Parquet. A macro of text stands beside its sibling for all else, and DuckDB takes the one
-- that fits; typeof(x) is folded away before a query runs: its branches cost nothing.
-- A try_ macro is the sibling that gives null where the other raises; it finds the offending lines.
-- No macro depends on the session's time zone: a cursor does not inherit it.
--
-- A macro is text: what it repeats is bound and optimised again, and macros in macros multiply. So what
-- is repeated is named first, by a lambda over a list of one: list_transform([text], lambda t: ...)[1].
-- An amount is tried before it is looked at as words: what cannot fail is done once a distinct text.

-- words(x): text, with every spelling of "nothing" as null. said(x): the same of a column of text, and of
-- bytes; one of another type keeps it, but for a NaN. A map, as DuckDB looks each distinct text of a Parquet file up only once in it,
-- and where all rows are in the first case, it knows further on which of them have the same text.
create or replace macro nothings() as map {
    '': true, 'NULL': true, 'null': true, '(null)': true, 'None': true, 'NaN': true, 'nan': true
};

create or replace macro words(x) as
    case
        when x is null or length(x::varchar) >= 7 or nothings()[x::varchar] is null then x::varchar
    end;

create or replace macro said(x varchar) as words(x),
(x blob) as words(x),
(x) as
    case
        when typeof(x) in ('DOUBLE', 'FLOAT') and isnan(try_cast(x as double)) then null
        else x
    end;

-- exact(x): an amount as its source has it, DECIMAL(38,18). A DOUBLE is read to its 15 safe digits,
-- and from 1000 as it would be printed: a plain cast would add noise behind them. The rest is read as
-- it is written: written_exact(x).
create or replace macro written_exact(x) as
    case typeof(x)
        when 'FLOAT' then words(x)::decimal(38, 18)
        else x::decimal(38, 18)
    end;

create or replace macro exact(x varchar) as
    coalesce(try_cast(x as decimal(38, 18)), words(x)::decimal(38, 18)),
(x) as
    case typeof(x)
        when 'DOUBLE' then
            case
                when isnan(try_cast(x as double)) then null
                when abs(try_cast(x as double)) < 0.001 then x::decimal(18, 18)::decimal(38, 18)
                when abs(try_cast(x as double)) < 1 then x::decimal(18, 15)::decimal(38, 18)
                when abs(try_cast(x as double)) < 10 then x::decimal(18, 14)::decimal(38, 18)
                when abs(try_cast(x as double)) < 100 then x::decimal(18, 13)::decimal(38, 18)
                when abs(try_cast(x as double)) < 1000 then x::decimal(18, 12)::decimal(38, 18)
                else x::varchar::decimal(38, 18)
            end
        else written_exact(x)
    end;

create or replace macro try_exact(x varchar) as try_cast(x as decimal(38, 18)),
(x) as try_cast(words(x) as decimal(38, 18));

-- money(x): trunc(exact(x), 12) as DECIMAL(38,12), cut off toward zero; what is cut is the load's
-- residual. For a DOUBLE the same is written in whole numbers of 64 bits, which is twice as fast. A text
-- of no more than 12 places, is_short(t), has nothing to be cut: trunc() divides in 128 bits.
create or replace macro is_short(t) as
    length(t) - strpos(t, '.') <= 12 and not contains(t, 'e') and not contains(t, 'E');

-- nothing_to_cut(x): that at once, of a column of text; else it is not said.
create or replace macro nothing_to_cut(x varchar) as coalesce(is_short(x), true),
(x) as false;

create or replace macro text_money(t) as
    case
        when is_short(t) then coalesce(try_cast(t as decimal(38, 12)), words(t)::decimal(38, 12))
        else trunc(exact(t), 12)
    end;

create or replace macro money(x varchar) as text_money(x),
(x) as
    case typeof(x)
        when 'DOUBLE' then
            case
                when isnan(try_cast(x as double)) then null
                when abs(try_cast(x as double)) < 0.001
                    then trunc(x::decimal(18, 18), 12)::decimal(38, 12)
                when abs(try_cast(x as double)) < 1
                    then trunc(x::decimal(18, 15), 12)::decimal(38, 12)
                when abs(try_cast(x as double)) < 10
                    then trunc(x::decimal(18, 14), 12)::decimal(38, 12)
                when abs(try_cast(x as double)) < 100
                    then trunc(x::decimal(18, 13), 12)::decimal(38, 12)
                when abs(try_cast(x as double)) < 1000 then x::decimal(18, 12)::decimal(38, 12)
                else trunc(x::varchar::decimal(38, 18), 12)
            end
        else trunc(written_exact(x), 12)
    end;

create or replace macro try_money(x) as try_exact(x);

-- quantity(x): a number that is not money, DECIMAL(38,12). whole(x): a whole number, BIGINT.
create or replace macro quantity(x varchar) as text_money(x),
(x) as
    case typeof(x)
        when 'DOUBLE' then case when not isnan(try_cast(x as double)) then x::decimal(38, 12) end
        else trunc(written_exact(x), 12)
    end;

create or replace macro try_quantity(x) as try_exact(x);

create or replace macro whole(x varchar) as words(x)::bigint,
(x) as x::bigint;

create or replace macro try_whole(x) as try_cast(words(x) as bigint);

-- net_money(net, gross): the private price of a line where it has one.
create or replace macro net_money(net, gross) as coalesce(money(net), money(gross));

-- list_price(x): money, or null where a text is no number: some tools write words there, and a list price
-- ties to nothing, so that stops no bill.
create or replace macro list_price(x varchar) as
    case
        when is_short(x) then try_cast(x as decimal(38, 12))
        else trunc(try_money(x), 12)
    end,
(x) as money(x);

-- units_of(x): money as whole units of 10^-12, in HUGEINT. in_money(u): the way back.
create or replace macro units_of(x) as (x * 1000000000000::decimal(13, 0))::hugeint;

create or replace macro in_money(u) as
    (u::decimal(38, 0) * 0.000000000001::decimal(13, 12))::decimal(38, 12);

-- part_between(x, a, b, whole): of an amount the parts a to b of whole, each cut off to units: parts
-- between running sums re-add to the amount exactly. what_is_left(x, sum, taken, whole): what one of
-- several amounts keeps where `taken` of the whole parts of all are taken; `sum` is their running sum.
-- Where whole is the amount itself, nothing is divided: DuckDB is slow at that in 128 bits.
create or replace macro part_between(x, a, b, whole) as
    case
        when x = 0 then 0::decimal(38, 12)
        when units_of(x) = whole then in_money(b - a)
        else in_money(units_of(x) * b // whole - units_of(x) * a // whole)
    end;

create or replace macro what_is_left(x, sum, taken, whole) as
    case
        when taken = whole then 0::decimal(38, 12)
        else x - in_money(
            units_of(sum) * taken // whole - units_of(sum - x) * taken // whole
        )
    end;

-- utc(x): naive UTC TIMESTAMP. Text: ISO 8601 with or without T, Z, offset and fraction; a bare
-- day; month/day/year with a year of two or four digits. Text without an offset is UTC already.
create or replace macro american_time(x) as
    case
        when length(split_part(split_part(x, ' ', 1), '/', 3)) = 2
            then try_strptime(x, ['%m/%d/%y', '%m/%d/%y %H:%M', '%m/%d/%y %H:%M:%S'])
        else try_strptime(x, ['%m/%d/%Y', '%m/%d/%Y %H:%M', '%m/%d/%Y %H:%M:%S'])
    end;

create or replace macro text_time(x) as
    case
        when contains(x, '/') then american_time(x)
        when length(x) <= 10 or suffix(x, 'Z') or suffix(x, 'UTC') then try_cast(x as timestamp)
        when contains(x[11:], '+') or contains(x[11:], '-')
            then timezone('UTC', try_cast(x as timestamptz))
        when suffix(x, 'T') or regexp_matches(x[-1:], '[A-Za-z]') then null
        else try_cast(x as timestamp)
    end;

create or replace macro text_utc(t) as
    list_transform(
        [text_time(t)], lambda z: case when z >= '1900-01-01'::timestamp then z end
    )[1];

-- zulu_time(t): the form that most bills write, or null. It is here once more because it is a plain
-- function of one column: DuckDB computes it once a distinct text, a lambda once a row.
create or replace macro zulu_time(t) as
    case
        when starts_with(t, '2') and suffix(t, 'Z') and t[11] = 'T' and not contains(t, '/')
            then try_cast(t as timestamp)
    end;

create or replace macro try_utc(x varchar) as
    coalesce(zulu_time(x), list_transform([words(x)], lambda t: text_utc(t))[1]),
(x) as
    case typeof(x)
        when 'TIMESTAMP WITH TIME ZONE' then timezone('UTC', try_cast(x as timestamptz))
        else try_cast(x as timestamp)
    end;

create or replace macro utc(x varchar) as
    coalesce(
        zulu_time(x),
        list_transform(
            [words(x)],
            lambda t: case
                when t is not null
                    then coalesce(text_utc(t), error('not a time: ' || t)::timestamp)
            end
        )[1]
    ),
(x) as
    case typeof(x)
        when 'TIMESTAMP WITH TIME ZONE' then timezone('UTC', try_cast(x as timestamptz))
        else try_cast(x as timestamp)
    end;

-- end_of(start, stop): where nothing says it, a charge from midnight on lasts a day, else an hour.
create or replace macro end_of(start, stop) as
    coalesce(
        stop,
        case when start = date_trunc('day', start) then start + interval 1 day end,
        start + interval 1 hour
    )::timestamp;

-- instant(x): naive UTC TIMESTAMP, of ISO 8601 or of a number since 1970: of seconds, or from 10^11 on
-- of milliseconds. It is for logs, which have no American days: so it binds in a fraction of utc()'s time.
create or replace macro epoch_time(n) as
    make_timestamp((n * case when abs(n) < 100000000000 then 1000000 else 1000 end)::bigint);

create or replace macro iso_time(t) as
    case
        when contains(t[11:], '+') or contains(t[11:], '-')
            then timezone('UTC', try_cast(t as timestamptz))
        else try_cast(t as timestamp)
    end;

create or replace macro try_instant(x) as
    case
        when substr(x::varchar, 5, 1) = '-' then iso_time(x::varchar)
        else try(epoch_time(try_cast(x::varchar as decimal(38, 6))))
    end;

create or replace macro instant(x) as
    case
        when words(x) is not null
            then coalesce(try_instant(x), error('not a time: ' || x::varchar)::timestamp)
    end;

-- json(x): an object as compact JSON text, from JSON text, a MAP, a STRUCT or a list of key and
-- value; null where nothing is in it or it cannot be read. written_text(x): the text of a text
-- column. malformed(t, made): json() made nothing of the text t although something is there.
create or replace macro pairs_object(t) as
    try(
        '{' || array_to_string(
            list_transform(
                json_extract(t::varchar, '$[*]'),
                lambda pair: to_json(pair ->> 'key')::varchar || ':' || (pair -> 'value')::varchar
            ),
            ','
        ) || '}'
    );

create or replace macro text_object(t) as
    case
        when starts_with(t, '{') then try(system.main.json(t))
        when starts_with(t, '[') then pairs_object(t)
        when starts_with(ltrim(t), '{') then try(system.main.json(t))
    end;

create or replace macro json(x varchar) as
    nullif(
        coalesce(
            case when starts_with(x, '{') then try(system.main.json(x)) end,
            list_transform([words(x)], lambda t: text_object(t))[1]
        ),
        '{}'
    ),
(x) as
    nullif(
        case
            when suffix(typeof(x), '[]') then pairs_object(to_json(x)::varchar)
            when starts_with(typeof(x), 'STRUCT')
                then json_merge_patch('{}'::json, to_json(x))::varchar
            else to_json(x)::varchar
        end,
        '{}'
    );

-- without_tags(t, pattern): an object without the keys that match in lower case; null when none
-- is left.
create or replace macro without_tags(t, pattern) as
    nullif(
        '{' || array_to_string(
            list_transform(
                list_filter(
                    list_zip(json_keys(t), json_extract(t, '$.*')),
                    lambda pair: not regexp_full_match(lower(pair[1]), pattern, 's')
                ),
                lambda pair: to_json(pair[1])::varchar || ':' || pair[2]::varchar
            ),
            ','
        ) || '}',
        '{}'
    );

create or replace macro written_text(x varchar) as words(x),
(x) as null::varchar;

create or replace macro malformed(t, made) as
    made is null
    and t is not null
    and not regexp_full_match(trim(t), '|null|NULL|\{\s*\}|\[\s*\]|""');

create or replace macro text_entry(t, key) as
    case
        when starts_with(t, '{') then try(json_extract_string(t, key))
        else json_extract_string(text_object(t), key)
    end;

-- entry(x, key): the text of one key of a MAP, of a STRUCT, or of an object in JSON text. Give it a
-- plain column: a macro repeats its argument, and one in another multiplies.
create or replace macro entry(x varchar, key) as nullif(text_entry(x, key), ''),
(x, key) as
    nullif(
        case
            when starts_with(typeof(x), 'MAP') then try_cast(x as map(varchar, varchar))[key]
            when starts_with(typeof(x), 'STRUCT') then json_extract_string(to_json(x), key)
        end,
        ''
    );

-- entries(x, keys): the texts of several keys, in their order, for one look at the object.
create or replace macro entries(x varchar, keys) as
    list_transform(text_entry(x, keys), lambda found: nullif(found, '')),
(x, keys) as
    list_transform(
        case
            when starts_with(typeof(x), 'MAP')
                then list_transform(
                    keys, lambda key: try_cast(x as map(varchar, varchar))[key]
                )
            when starts_with(typeof(x), 'STRUCT') then json_extract_string(to_json(x), keys)
        end,
        lambda found: nullif(found, '')
    );

-- elements(x): a list as JSON text: from a LIST, from JSON text, from {"list": [{"element": ...}]} as
-- some Parquet has it, or from a list as Python prints it.
create or replace macro python_text(t) as
    array_to_string(
        list_transform(
            regexp_extract_all(t, '''(?:[^''\\]|\\.)*''|"(?:[^"\\]|\\.)*"|[^''"]+'),
            lambda word: case
                when word[1] = ''''
                    then '"' || replace(replace(word[2:-2], '\''', ''''), '"', '\"') || '"'
                when word[1] = '"' then word
                else replace(
                    replace(replace(replace(word, 'None', 'null'), 'nan', 'null'), 'True', 'true'),
                    'False',
                    'false'
                )
            end
        ),
        ''
    );

create or replace macro text_elements(t) as
    case ltrim(t)[1]
        when '[' then
            case when json_valid(t) then t else try(system.main.json(python_text(t)))::varchar end
        when '{' then to_json(try(json_extract(t, '$.list[*].element')))::varchar
    end;

create or replace macro try_elements(x varchar) as text_elements(x),
(x) as text_elements(to_json(x)::varchar);

create or replace macro elements(x) as
    case
        when words(x) is not null
            then coalesce(try_elements(x), error('not a list: ' || x::varchar))
    end;

-- month_of(x): the first instant of a month that is written 202605 or 2026-05.
create or replace macro try_month_of(x) as try_strptime(replace(words(x), '-', '')[:6], '%Y%m');

create or replace macro month_of(x) as
    case
        when words(x) is not null
            then coalesce(try_month_of(x), error('not a month: ' || x::varchar)::timestamp)
    end;

-- plain(x): an amount as text for people, without the zeros behind it.
create or replace macro plain(x) as rtrim(rtrim(x::decimal(38, 18)::varchar, '0'), '.');

-- second_line(line): the number of the second row that is made of one line, as no line has it.
create or replace macro second_line(line) as line + 5000000000;

-- json_text(x): any column as text, what is nested as JSON.
create or replace macro json_text(x varchar) as words(x),
(x) as to_json(x)::varchar;

-- listed(x): names, from text with `;` between them or from a JSON list.
create or replace macro listed(x) as
    list_filter(
        list_transform(
            case
                when json_text(x) is null then []::varchar[]
                when ltrim(json_text(x))[1] = '['
                    then coalesce(try(json_extract_string(json_text(x), '$[*]')), [])
                else string_split(json_text(x), ';')
            end,
            lambda name: trim(name)
        ),
        lambda name: name != ''
    );

-- run_state(x): how a try ended, from the words of Airflow, MLflow, Spark, Databricks, SageMaker,
-- dbt and Argo; null for a word none of them has.
create or replace macro run_state_word(w) as
    case
        when list_contains(
            [
                'success', 'succeeded', 'successful', 'finished', 'complete', 'completed', 'ok', 'done',
                'pass', 'passed', 'warn', 'success_with_failures'
            ],
            w
        ) then 'succeeded'
        when list_contains(
            [
                'failed', 'failure', 'fail', 'error', 'errored', 'timedout', 'timed_out', 'timeout',
                'internal_error', 'runtime_error', 'up_for_retry', 'deadline_exceeded'
            ],
            w
        ) then 'failed'
        when list_contains(
            [
                'killed', 'canceled', 'cancelled', 'stopped', 'aborted', 'terminated', 'preempted',
                'shutdown', 'removed', 'evicted', 'expired', 'restarting'
            ],
            w
        ) then 'killed'
        when list_contains(
            [
                'running', 'started', 'in_progress', 'inprogress', 'active', 'queued', 'pending',
                'scheduled', 'submitted', 'starting', 'stopping', 'deferred', 'waiting', 'blocked',
                'resuming', 'canceling', 'up_for_reschedule'
            ],
            w
        ) then 'running'
        when list_contains(
            [
                'skipped', 'skip', 'upstream_failed', 'upstream_canceled', 'excluded', 'no_op', 'noop',
                'omitted', 'disabled'
            ],
            w
        ) then 'skipped'
        when list_contains(['cached', 'cache_hit', 'reused'], w) then 'cached'
    end;

create or replace macro run_state(x) as
    list_transform(
        [replace(replace(lower(trim(words(x))), ' ', '_'), '-', '_')], lambda w: run_state_word(w)
    )[1];

-- doubled_tags(t, keys): the tags of an object in lower case that has a key twice, once spelled in
-- another way: every "key=value" of these keys, sorted, as a JSON list.
create or replace macro doubled_tags(t, keys) as
    to_json(
        list_sort(
            list_transform(
                list_filter(
                    list_zip(json_extract(t::varchar, '$.*'), json_keys(t::varchar)),
                    lambda pair: list_contains(keys, pair[2]) and json_type(pair[1]) != 'NULL'
                ),
                lambda pair: lower(pair[2] || '=' || (pair[1] ->> '$'))
            )
        )
    )::varchar;
