import type { Migration } from '../../../index.ts'

const amount = 'numeric(18, 4) NOT NULL'
const totals = `
        rows bigint NOT NULL,
        units ${amount},
        gross ${amount},
        returns ${amount},
        discount ${amount},
        net ${amount},
        charges ${amount},
        cost ${amount},
        uncosted bigint NOT NULL`
const margin = 'margin numeric(18, 4)'

/** Lines of the account; what may be unknown may be null, and all of it where there is no exchange rate. */
function figures(prefix: string, optional: boolean): string {
  const always = ['gross', 'returns', 'discount', 'net', 'expenses']
  return ['gross', 'returns', 'discount', 'net', 'cost', 'margin', 'expenses', 'profit']
    .map((line) => `${prefix}${line} numeric(18, 4)${always.includes(line) && !optional ? ' NOT NULL' : ''}`)
    .join(',\n        ')
}

/**
 * The tables that analysts query. Money and quantities are decimals here; every key is natural, so a replay changes nothing.
 *
 * Line items are partitioned by country and month, and the partitions are made as rows for them come. Within one, rows lie roughly in the
 * order of their days, which is what the BRIN index needs.
 */
export const ledgerTables: Migration = {
  id: 'retail-0002',
  sql: `
      DROP TABLE files, line_items, store_days, sku_days, daily_profit_and_loss;
      CREATE TABLE files (
        file text PRIMARY KEY,
        country char(2) NOT NULL,
        store_id text NOT NULL,
        store_category text NOT NULL,
        chain text,
        size_bytes bigint NOT NULL,
        etag text NOT NULL,
        version_id text,
        revision integer NOT NULL,
        state text NOT NULL,
        rows bigint,
        reason text
      );
      CREATE TABLE line_items (
        country char(2) NOT NULL,
        business_day date NOT NULL,
        file text NOT NULL,
        revision integer NOT NULL,
        row integer NOT NULL,
        store_id text NOT NULL,
        market text NOT NULL,
        sku text NOT NULL,
        product_kind text NOT NULL,
        kind text NOT NULL,
        invoice text,
        customer_id text,
        promotion_id text,
        description text,
        currency char(3) NOT NULL,
        units ${amount},
        sales ${amount},
        discount ${amount},
        cost numeric(18, 4),
        store_name text,
        promotion_name text,
        product_name text,
        brand text,
        category text,
        subcategory text,
        PRIMARY KEY (country, business_day, file, revision, row)
      ) PARTITION BY LIST (country);
      CREATE INDEX line_items_by_day ON line_items USING brin (business_day);
      -- The catalog is asked by queries, because the cache behind to_regclass is not told of what others make while this waits for the lock.
      CREATE FUNCTION has_line_items_partition(name text) RETURNS boolean LANGUAGE sql VOLATILE AS $$
        SELECT EXISTS (
          SELECT FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
          WHERE relname = name AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'line_items'::regclass)
        )
      $$;
      -- name: country/yyyy-mm. Attaching a table lets others go on writing, where creating a partition would not.
      CREATE FUNCTION make_line_items_partition(name text) RETURNS void LANGUAGE plpgsql AS $$
      DECLARE
        of_country text := split_part(name, '/', 1);
        first_day date := (split_part(name, '/', 2) || '-01')::date;
        of_country_table text := 'line_items_' || lower(of_country);
        month_table text := of_country_table || '_' || to_char(first_day, 'YYYY_MM');
      BEGIN
        IF has_line_items_partition(month_table) THEN RETURN; END IF;
        PERFORM pg_advisory_xact_lock(570651);
        IF NOT has_line_items_partition(of_country_table) THEN
          EXECUTE format('CREATE TABLE %I (LIKE line_items INCLUDING DEFAULTS) PARTITION BY RANGE (business_day)', of_country_table);
          EXECUTE format('ALTER TABLE line_items ATTACH PARTITION %I FOR VALUES IN (%L)', of_country_table, of_country);
        END IF;
        IF NOT has_line_items_partition(month_table) THEN
          EXECUTE format('CREATE TABLE %I (LIKE line_items INCLUDING DEFAULTS)', month_table);
          EXECUTE format(
            'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            of_country_table, month_table, first_day, first_day + interval '1 month'
          );
        END IF;
      END $$;
      CREATE TABLE store_days (
        country char(2) NOT NULL,
        store_id text NOT NULL,
        business_day date NOT NULL,
        currency char(3) NOT NULL,${totals},
        ${margin},
        PRIMARY KEY (country, store_id, business_day)
      );
      CREATE TABLE sku_days (
        country char(2) NOT NULL,
        sku text NOT NULL,
        market text NOT NULL,
        business_day date NOT NULL,
        product_kind text NOT NULL,${totals},
        ${margin},
        PRIMARY KEY (country, sku, market, business_day)
      );
      CREATE TABLE category_days (
        country char(2) NOT NULL,
        category text NOT NULL,
        market text NOT NULL,
        business_day date NOT NULL,${totals},
        ${margin},
        PRIMARY KEY (country, category, market, business_day)
      );
      CREATE TABLE skus (
        country char(2) NOT NULL,
        sku text NOT NULL,
        product_kind text NOT NULL,
        name text,
        brand text,
        category text,
        subcategory text,
        list_price numeric(18, 4),
        last_sold date NOT NULL,${totals},
        PRIMARY KEY (country, sku)
      );
      CREATE TABLE daily_profit_and_loss (
        country char(2) NOT NULL,
        store_id text NOT NULL,
        market text NOT NULL,
        business_day date NOT NULL,
        version integer NOT NULL,
        fiscal_year integer NOT NULL,
        fiscal_quarter integer NOT NULL,
        fiscal_period integer NOT NULL,
        fiscal_week integer NOT NULL,
        rows bigint NOT NULL,
        currency char(3) NOT NULL,
        reporting_currency char(3) NOT NULL,
        rate numeric(18, 8),
        ${figures('', false)},
        ${figures('mtd_', false)},
        ${figures('ytd_', false)},
        ${figures('reporting_', true)},
        ${figures('reporting_mtd_', true)},
        ${figures('reporting_ytd_', true)},
        PRIMARY KEY (country, store_id, market, business_day)
      );
      CREATE TABLE reconciliation (
        file text NOT NULL,
        revision integer NOT NULL,
        country char(2) NOT NULL,
        input_rows bigint NOT NULL,
        input_net ${amount},
        dead_letters_rows bigint NOT NULL,
        dead_letters_net ${amount},
        line_items_rows bigint NOT NULL,
        line_items_net ${amount},
        ledgers_rows bigint NOT NULL,
        ledgers_net ${amount},
        agree boolean NOT NULL,
        PRIMARY KEY (file, revision)
      );`
}
