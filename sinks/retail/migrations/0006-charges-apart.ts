import type { Migration } from '../../../index.ts'

/** One code may be a product in one file and a charge in another: prices and ranks are of the rows of products. */
export const chargesApart: Migration = {
  id: 'retail-0006',
  sql: `
      CREATE OR REPLACE VIEW price_anomaly_rows AS
        SELECT anomaly.price, anomaly.median, anomaly.score, item.*
        FROM price_anomalies anomaly JOIN line_items item USING (country, sku)
        WHERE item.kind = 'sale' AND item.product_kind = 'product' AND item.units <> 0
          AND round((item.sales + item.discount) / item.units, 4) = anomaly.price;
      CREATE OR REPLACE VIEW top_skus AS
        SELECT country, rank() OVER (PARTITION BY country ORDER BY net - charges DESC) AS rank, sku, name, brand, category, units,
          (net - charges)::numeric(18, 4) AS net
        FROM skus WHERE product_kind = 'product';`
}
