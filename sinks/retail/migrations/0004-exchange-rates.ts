import type { Migration } from '../../../index.ts'

/** Line items at the rate that was in force, and what they come to in the reporting currency. */
export const lineItemRates: Migration = {
  id: 'retail-0004',
  sql: `
      ALTER TABLE line_items ADD COLUMN exchange_rate numeric(18, 8);
      CREATE VIEW line_items_reporting AS
        SELECT *, round(sales * exchange_rate, 4) AS reporting_sales, round(cost * exchange_rate, 4) AS reporting_cost
        FROM line_items`
}
