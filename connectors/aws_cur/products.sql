-- connectors/aws_cur/products.sql
-- What is said of each product by the column that holds all of it (2.0): few are, and lines are many.
-- Grain: one row per product. Reads: source.
select
    product,
    entries(product, ['product_name', 'region', 'vcpu', 'memory', 'gpu', 'model']) as of_product
from (
    select distinct product
    from source
)
