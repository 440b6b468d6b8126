/*
 * The analyses once more, by a database from the line items alone: what the tables of the same columns must show.
 */

export const topQuery = `
  WITH places AS (
    SELECT country, store_id, sku, units, sales FROM line_items WHERE product_kind = 'product'
    UNION ALL
    SELECT country, '', sku, units, sales FROM line_items WHERE product_kind = 'product'
  ), sums AS (
    SELECT country, store_id, sku, count(*) AS rows, sum(units) AS units, sum(sales) AS net FROM places GROUP BY 1, 2, 3
  ), ranked AS (
    SELECT *, 'revenue' AS ranked_by,
      row_number() OVER (PARTITION BY country, store_id ORDER BY net DESC, sku COLLATE "C") AS rank FROM sums
    UNION ALL
    SELECT *, 'units', row_number() OVER (PARTITION BY country, store_id ORDER BY units DESC, sku COLLATE "C") FROM sums
  )
  SELECT country, store_id, ranked_by, rank, sku, rows, units, net FROM ranked WHERE rank <= 10`

/**
 * `sent`: what stores were sent, by country, store_id and sku. The risk is the sum of the Poisson distribution's terms, from the logarithms of the
 * factorials; far above the mean they add nothing.
 */
export const velocityQuery = `
  WITH items AS (SELECT * FROM line_items WHERE product_kind = 'product'),
  last AS (SELECT country, store_id, max(business_day) AS day FROM items GROUP BY 1, 2),
  recent AS (
    SELECT country, store_id, sku,
      coalesce(sum(units) FILTER (WHERE business_day > day - 7), 0) AS units_7_days, sum(units) AS units_28_days
    FROM items JOIN last USING (country, store_id) WHERE business_day > day - 28 GROUP BY 1, 2, 3
  ),
  sold AS (SELECT country, store_id, sku, sum(units) AS units FROM items GROUP BY 1, 2, 3),
  stock AS (
    SELECT country, store_id, sku, sent.units - coalesce(sold.units, 0) AS on_hand
    FROM sent LEFT JOIN sold USING (country, store_id, sku) WHERE sent.units <> 0
  ),
  figures AS (
    SELECT country, store_id, sku, day AS business_day, coalesce(units_7_days, 0) AS units_7_days,
      coalesce(units_28_days, 0) AS units_28_days, CASE WHEN on_hand >= 0 THEN on_hand END AS on_hand,
      CASE WHEN on_hand >= 0 AND units_28_days > 0 THEN on_hand / (units_28_days / 28) END AS days_of_cover,
      (greatest(coalesce(units_28_days, 0), 0) / 4)::float8 AS week
    FROM recent FULL JOIN stock USING (country, store_id, sku) JOIN last USING (country, store_id)
  ),
  bounded AS (SELECT *, floor(least(on_hand, 100 + week + 20 * sqrt(week)))::integer AS most FROM figures),
  terms AS (
    SELECT k, sum(ln(greatest(k, 1)::float8)) OVER (ORDER BY k) AS log_factorial
    FROM generate_series(0, (SELECT max(most) FROM bounded)) k
  )
  SELECT country, store_id, sku, business_day, units_7_days, units_28_days, on_hand, days_of_cover,
    CASE WHEN on_hand IS NOT NULL AND week = 0 THEN 0 WHEN on_hand IS NOT NULL THEN greatest(0, 1 - (
      SELECT sum(exp(k * ln(week) - week - log_factorial)) FROM terms WHERE k <= most
    )) END AS stock_out_risk
  FROM bounded`

/** Prices are compared as whole ten-thousandths, which doubles hold exactly. */
export const anomalyQuery = `
  WITH prices AS (
    SELECT country, sku, round((sales + discount) / units * 10000)::float8 AS price FROM line_items
    WHERE product_kind = 'product' AND kind = 'sale' AND units <> 0
  ), medians AS (
    SELECT country, sku, count(*) AS rows_of_sku, percentile_cont(0.5) WITHIN GROUP (ORDER BY price) AS median
    FROM prices GROUP BY 1, 2
  ), deviations AS (
    SELECT country, sku, median, rows_of_sku,
      percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(price - median)) AS mad, avg(abs(price - median)) AS mean_deviation
    FROM prices JOIN medians USING (country, sku) GROUP BY 1, 2, 3, 4
  ), scores AS (
    SELECT country, sku, price, count(*) AS rows, rows_of_sku, median, mad,
      (price - median) / CASE WHEN mad > 0 THEN 1.4826022185056018 * mad
        WHEN mean_deviation > 0 THEN 1.2533141373155001 * mean_deviation END AS score
    FROM prices JOIN deviations USING (country, sku)
    GROUP BY country, sku, price, rows_of_sku, median, mad, mean_deviation
  )
  SELECT country, sku, price::numeric / 10000 AS price, rows, rows_of_sku, round(median::numeric / 10000, 4) AS median,
    round(mad::numeric / 10000, 4) AS mad, score
  FROM scores WHERE abs(score) > 3.5 AND rows_of_sku >= 10`

/** Of the 200 SKUs in most baskets, the hundred most frequent pairs. */
export const basketQuery = `
  WITH lines AS (
    SELECT DISTINCT country, store_id, coalesce(invoice, business_day || ' ' || customer_id) AS basket, sku FROM line_items
    WHERE product_kind = 'product' AND kind = 'sale' AND (invoice IS NOT NULL OR customer_id IS NOT NULL)
  ), baskets AS (
    SELECT country, store_id, count(DISTINCT basket) AS baskets FROM lines GROUP BY 1, 2
  ), skus AS (
    SELECT *, row_number() OVER (PARTITION BY country, store_id ORDER BY in_baskets DESC, sku COLLATE "C") AS rank
    FROM (SELECT country, store_id, sku, count(*) AS in_baskets FROM lines GROUP BY 1, 2, 3) counted
  ), frequent AS (
    SELECT lines.*, in_baskets FROM lines JOIN skus USING (country, store_id, sku) WHERE rank <= 200
  ), pairs AS (
    SELECT a.country, a.store_id, a.sku AS first_sku, b.sku AS second_sku, count(*) AS together,
      a.in_baskets AS with_first, b.in_baskets AS with_second
    FROM frequent a JOIN frequent b ON a.country = b.country AND a.store_id = b.store_id AND a.basket = b.basket
      AND a.sku COLLATE "C" < b.sku COLLATE "C"
    GROUP BY 1, 2, 3, 4, 6, 7
  ), ranked AS (
    SELECT *, row_number() OVER (
      PARTITION BY country, store_id ORDER BY together DESC, first_sku COLLATE "C", second_sku COLLATE "C") AS rank
    FROM pairs
  ), missed AS (
    SELECT country, store_id, max(missing) AS missed_at_most FROM (
      SELECT country, store_id, in_baskets AS missing FROM skus WHERE rank = 201
      UNION ALL SELECT country, store_id, together FROM ranked WHERE rank = 101
    ) next GROUP BY 1, 2
  )
  SELECT country, store_id, first_sku, second_sku, together, with_first, with_second, baskets,
    together / baskets::float8 AS support, together / with_first::float8 AS confidence,
    together / with_second::float8 AS confidence_back, together * baskets / (with_first * with_second)::float8 AS lift,
    coalesce(missed_at_most, 0) AS missed_at_most
  FROM ranked JOIN baskets USING (country, store_id) LEFT JOIN missed USING (country, store_id) WHERE rank <= 100`
