import type { Migration } from '../../../index.ts'

/** The tables before line items could be taken back. */
export const firstTables: Migration = {
  id: 'retail-0001',
  sql: `
      CREATE TABLE files (
        file text PRIMARY KEY,
        country char(2) NOT NULL,
        store_id text NOT NULL,
        store_category text NOT NULL,
        chain text,
        size_bytes bigint NOT NULL,
        etag text NOT NULL,
        state text NOT NULL,
        rows bigint,
        reason text
      );
      CREATE TABLE line_items (
        file text NOT NULL,
        row integer NOT NULL,
        country char(2) NOT NULL,
        store_id text NOT NULL,
        sku text NOT NULL,
        business_day date NOT NULL,
        customer_id text,
        promotion_id text,
        units numeric(18, 4) NOT NULL,
        sales numeric(18, 4) NOT NULL,
        cost numeric(18, 4) NOT NULL,
        product_name text,
        brand text,
        category text,
        PRIMARY KEY (file, row)
      );
      CREATE INDEX line_items_by_day ON line_items USING brin (business_day);
      CREATE TABLE store_days (
        country char(2) NOT NULL,
        store_id text NOT NULL,
        business_day date NOT NULL,
        rows bigint NOT NULL,
        units numeric(18, 4) NOT NULL,
        sales numeric(18, 4) NOT NULL,
        cost numeric(18, 4) NOT NULL,
        PRIMARY KEY (country, store_id, business_day)
      );
      CREATE TABLE sku_days (
        country char(2) NOT NULL,
        sku text NOT NULL,
        business_day date NOT NULL,
        rows bigint NOT NULL,
        units numeric(18, 4) NOT NULL,
        sales numeric(18, 4) NOT NULL,
        cost numeric(18, 4) NOT NULL,
        PRIMARY KEY (country, sku, business_day)
      );
      CREATE TABLE daily_profit_and_loss (
        country char(2) NOT NULL,
        business_day date NOT NULL,
        rows bigint NOT NULL,
        units numeric(18, 4) NOT NULL,
        sales numeric(18, 4) NOT NULL,
        cost numeric(18, 4) NOT NULL,
        margin numeric(18, 4) NOT NULL,
        PRIMARY KEY (country, business_day)
      );`
}
