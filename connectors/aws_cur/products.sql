-- connectors/aws_cur/products.sql
-- What is said of each product, worked out once: they are few, and lines are many. In 2.0 a column holds
-- most of it. Grain: one row per product. Reads: source.
select
    product,
    product_instance_type,
    product_vcpu,
    product_memory,
    product_gpu,
    of_product[1] as name,
    of_product[2] as region,
    of_product[6] as model,
    coalesce(words(product_vcpu), of_product[3]) as cores,
    case
        when cores is not null then details_of_machine(
            product_instance_type::varchar,
            cores,
            coalesce(product_memory::varchar, of_product[4]),
            coalesce(words(product_gpu), of_product[5])
        )
    end as machine
from (
    select
        *,
        entries(product, ['product_name', 'region', 'vcpu', 'memory', 'gpu', 'model']) as of_product
    from (
        select distinct product, product_instance_type, product_vcpu, product_memory, product_gpu
        from source
    )
)
