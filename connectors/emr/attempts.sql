-- connectors/emr/attempts.sql
-- Steps of EMR clusters as tries, on the cluster; what the cluster did between them is idle. A cluster
-- without a step did nothing we know of: one row, which ran nothing, says that it was there.
-- Grain: one row per step, or per cluster without one.
-- Reads: clusters, steps, instance_groups, instance_fleets.
with clusters_told as (
    select
        Id as cluster,
        max_by(x_line, (Tags is not null, x_line)) as x_line,
        max_by(words(Name), (Tags is not null, x_line)) as name,
        max_by(Tags, (Tags is not null, x_line)) as tags,
        min(instant(CreatedAt)) as start,
        max(instant(EndedAt)) as stop
    from clusters
    group by Id
),

groups_told as (
    select
        ClusterId as cluster,
        Id as id,
        max_by(InstanceType, x_line) as machine,
        max_by(
            greatest(
                coalesce(whole(RequestedInstanceCount), 0), coalesce(whole(RunningInstanceCount), 0)
            ),
            x_line
        ) as machines
    from instance_groups
    group by ClusterId, Id
),

-- Capacity of a fleet is in units of its own; where every type counts 1 it is machines.
fleets_told as (
    select
        ClusterId as cluster,
        Id as id,
        max_by(
            case
                when InstanceFleetType = 'MASTER' then 1
                when
                    len(
                        list_filter(
                            json_extract_string(
                                InstanceTypeSpecifications, '$[*].WeightedCapacity'
                            ),
                            lambda one: one <> '1'
                        )
                    ) = 0
                    then coalesce(whole(ProvisionedOnDemandCapacity), 0)
                    + coalesce(whole(ProvisionedSpotCapacity), 0)
            end,
            x_line
        ) as machines
    from instance_fleets
    group by ClusterId, Id
),

sizes as (
    select
        cluster,
        case when count(machines) = count(*) then nullif(sum(machines), 0) end as machines,
        string_agg(distinct machine, ';' order by machine) as machine
    from (
        select cluster, machines, machine from groups_told
        union all
        select cluster, machines, null from fleets_told
    ) as s
    group by cluster
),

steps_told as (
    select
        x_line,
        ClusterId as cluster,
        words(Id) as id,
        words(Name) as name,
        words(State) as state,
        instant(StartedAt) as start,
        instant(EndedAt) as stop
    from steps
    where StartedAt is not null
    qualify row_number() over (partition by Id order by EndedAt is not null desc, x_line desc) = 1
),

ran as (
    select
        s.x_line,
        s.cluster,
        s.name as part,
        nullif(
            row_number() over (partition by s.cluster, s.name order by s.start, s.id) - 1, 0
        )::integer as slice,
        case s.state
            when 'INTERRUPTED' then 'killed' when 'CANCEL_PENDING' then 'running' else s.state
        end as state,
        s.start,
        s.stop,
        s.id as step
    from steps_told as s
    union all
    select x_line, cluster, 'cluster', null, 'skipped', start, stop, null
    from clusters_told
    where start is not null and cluster not in (select cluster from steps_told)
),

labels as (
    select
        cluster,
        to_json(
            map_from_entries(
                list_transform(
                    json_extract(tags, '$[*]'),
                    lambda one: {'k': one ->> '$.Key', 'v': one ->> '$.Value'}
                )
            )
        ) as labels
    from clusters_told
)

select
    r.x_line,
    coalesce(c.name, r.cluster) as pipeline,
    r.cluster as run,
    r.part,
    r.slice,
    1 as try,
    r.state,
    r.start,
    r.stop,
    r.cluster as resource_id,
    z.machines as size,
    case when z.machines is not null then 'machines' end as size_unit,
    json_merge_patch(
        coalesce(l.labels, '{}')::json,
        json_object(
            'cluster_name', c.name,
            'cluster_id', r.cluster,
            'step_name', case when r.step is not null then r.part end,
            'step_id', r.step,
            'instance_type', z.machine
        )
    )::varchar as tags
from ran as r
left join clusters_told as c on r.cluster = c.cluster
left join sizes as z on r.cluster = z.cluster
left join labels as l on r.cluster = l.cluster
