import type { Migration } from '../../../index.ts'

const sums =
  'sum(rows) AS rows, sum(units) AS units, sum(gross) AS gross, sum(returns) AS returns, sum(discount) AS discount, sum(net) AS net'
/** While the cost of one row is not known, neither is the margin. */
const margins = `CASE WHEN sum(uncosted) = 0 THEN sum(cost) END AS cost,
          CASE WHEN sum(uncosted) = 0 THEN sum(net) - sum(cost) END AS margin,
          CASE WHEN sum(uncosted) = 0 THEN round((sum(net) - sum(cost)) / nullif(sum(net), 0), 4) END AS margin_rate`

/** What analysts ask for first. */
export const views: Migration = {
  id: 'retail-0003',
  sql: `
      CREATE VIEW sales_by_month_and_store AS
        SELECT country, store_id, date_trunc('month', business_day)::date AS month, currency, ${sums},
          ${margins}
        FROM store_days GROUP BY 1, 2, 3, 4;
      CREATE VIEW sales_by_month_and_market AS
        SELECT country, market, date_trunc('month', business_day)::date AS month, ${sums},
          ${margins}
        FROM sku_days GROUP BY 1, 2, 3;
      CREATE VIEW margin_by_category AS
        SELECT country, category, ${sums},
          ${margins}
        FROM category_days GROUP BY 1, 2;
      CREATE VIEW returns_rate_by_month_and_store AS
        SELECT country, store_id, date_trunc('month', business_day)::date AS month,
          sum(gross) AS gross, sum(returns) AS returns, round(sum(returns) / nullif(sum(gross), 0), 4) AS returns_rate
        FROM store_days GROUP BY 1, 2, 3;
      CREATE VIEW returns_rate_by_sku AS
        SELECT country, sku, name, category, gross, returns, round(returns / nullif(gross, 0), 4) AS returns_rate
        FROM skus WHERE product_kind = 'product';
      CREATE VIEW top_skus AS
        SELECT country, rank() OVER (PARTITION BY country ORDER BY net DESC) AS rank, sku, name, brand, category, units, net
        FROM skus WHERE product_kind = 'product';
      CREATE VIEW promotion_sales AS
        SELECT country, promotion_id, max(promotion_name) AS promotion_name, count(*) AS rows, sum(units) AS units, sum(sales) AS net
        FROM line_items WHERE promotion_id IS NOT NULL GROUP BY 1, 2;
      CREATE VIEW profit_and_loss_by_fiscal_period AS
        SELECT country, fiscal_year, fiscal_quarter, fiscal_period, currency, reporting_currency,
          sum(net) AS net, CASE WHEN count(cost) = count(*) THEN sum(margin) END AS margin, sum(expenses) AS expenses,
          CASE WHEN count(profit) = count(*) THEN sum(profit) END AS profit,
          CASE WHEN count(reporting_net) = count(*) THEN sum(reporting_net) END AS reporting_net,
          CASE WHEN count(reporting_profit) = count(*) THEN sum(reporting_profit) END AS reporting_profit
        FROM daily_profit_and_loss GROUP BY 1, 2, 3, 4, 5, 6;
      CREATE VIEW restated_days AS
        SELECT country, store_id, market, business_day, version, net, profit FROM daily_profit_and_loss WHERE version > 1;
      CREATE VIEW unreconciled_files AS
        SELECT * FROM reconciliation WHERE NOT agree;`
}
