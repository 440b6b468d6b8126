import type { Migration } from '../../../index.ts'

const amount = 'numeric(18, 4)'
const accuracy = `method text NOT NULL,
        parameters text NOT NULL,
        wape double precision,
        bias double precision`

function projections(table: string, name: string): string {
  return `CREATE TABLE ${table} (
        country char(2) NOT NULL,
        ${name} text NOT NULL,
        month date NOT NULL,
        horizon integer NOT NULL,
        forecast ${amount} NOT NULL,
        low ${amount} NOT NULL,
        high ${amount} NOT NULL,
        actual ${amount},
        ${accuracy},
        PRIMARY KEY (country, ${name}, month)
      );`
}

/** What the analyses find. A place of the top ten without a store is the whole country. */
export const analysisTables: Migration = {
  id: 'retail-0005',
  sql: `
      CREATE TABLE top_ten_skus (
        country char(2) NOT NULL,
        store_id text NOT NULL,
        ranked_by text NOT NULL,
        rank integer NOT NULL,
        sku text NOT NULL,
        rows bigint NOT NULL,
        units ${amount} NOT NULL,
        net ${amount} NOT NULL,
        PRIMARY KEY (country, store_id, ranked_by, rank)
      );
      CREATE TABLE sku_velocity (
        country char(2) NOT NULL,
        store_id text NOT NULL,
        sku text NOT NULL,
        business_day date NOT NULL,
        units_7_days ${amount} NOT NULL,
        units_28_days ${amount} NOT NULL,
        on_hand ${amount},
        days_of_cover double precision,
        stock_out_risk double precision,
        PRIMARY KEY (country, store_id, sku)
      );
      CREATE TABLE basket_pairs (
        country char(2) NOT NULL,
        store_id text NOT NULL,
        first_sku text NOT NULL,
        second_sku text NOT NULL,
        together bigint NOT NULL,
        with_first bigint NOT NULL,
        with_second bigint NOT NULL,
        baskets bigint NOT NULL,
        support double precision NOT NULL,
        confidence double precision NOT NULL,
        confidence_back double precision NOT NULL,
        lift double precision NOT NULL,
        missed_at_most bigint NOT NULL,
        PRIMARY KEY (country, store_id, first_sku, second_sku)
      );
      CREATE TABLE price_anomalies (
        country char(2) NOT NULL,
        sku text NOT NULL,
        price ${amount} NOT NULL,
        rows bigint NOT NULL,
        rows_of_sku bigint NOT NULL,
        median ${amount} NOT NULL,
        mad ${amount} NOT NULL,
        score double precision NOT NULL,
        PRIMARY KEY (country, sku, price)
      );
      CREATE VIEW price_anomaly_rows AS
        SELECT anomaly.price, anomaly.median, anomaly.score, item.*
        FROM price_anomalies anomaly JOIN line_items item USING (country, sku)
        WHERE item.kind = 'sale' AND item.units <> 0 AND round((item.sales + item.discount) / item.units, 4) = anomaly.price;
      ${projections('projections_store_months', 'store_id')}
      ${projections('projections_category_months', 'category')}
      CREATE TABLE projections_accuracy (
        country char(2) NOT NULL,
        kind text NOT NULL,
        name text NOT NULL,
        ${accuracy},
        origins integer NOT NULL,
        chosen boolean NOT NULL,
        PRIMARY KEY (country, kind, name, method)
      );`
}
