-- connectors/aws_cur/pod_shares.leave_out.sql
-- pod_shares.sql where the source's split_costs is leave_out: nobody gets a part of a machine. It says
-- so without reading the lines, which halves the time to plan charges.sql. Grain: no row.
select
    null::bigint as x_line,
    null::decimal(38, 12) as part_billed,
    null::decimal(38, 12) as part_effective,
    null::decimal(38, 12) as part_listed,
    null::decimal(38, 12) as part_contracted,
    null::decimal(38, 12) as part_quantity,
    null::struct(commitment varchar, status varchar, pricing varchar) as terms
where false
