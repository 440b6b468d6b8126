/*
 * The forecasts once more, by a database from the line items alone. `products`: the category of each country and SKU. All methods but Holt-Winters,
 * which is tried only where 36 months are complete; series of so many are left out. Sums are made in the order of time, so that methods which are
 * equally good are so to the last bit, here and there.
 */
const forecasts = `
  WITH RECURSIVE months AS (
    SELECT country, 'stores' AS kind, store_id AS name, date_trunc('month', business_day)::date AS month, sum(sales) AS net
    FROM line_items GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT country, 'categories',
      coalesce(nullif(products.category, ''), CASE product_kind WHEN 'charge' THEN 'Charges' ELSE 'Unclassified' END),
      date_trunc('month', business_day)::date, sum(sales)
    FROM line_items LEFT JOIN products USING (country, sku) GROUP BY 1, 2, 3, 4
  ), running AS (
    SELECT country, max(month) AS running FROM months GROUP BY 1
  ), points AS (
    SELECT country, kind, name, month::date AS month, (coalesce(net, 0) * 10000)::float8 AS value,
      (row_number() OVER (PARTITION BY country, kind, name ORDER BY month))::integer AS n,
      (count(*) OVER (PARTITION BY country, kind, name))::integer AS length
    FROM (SELECT country, kind, name, min(month) AS first FROM months GROUP BY 1, 2, 3) begun JOIN running USING (country)
      CROSS JOIN generate_series(first, running - 1, '1 month') AS grid (month)
      LEFT JOIN months USING (country, kind, name, month)
  ), series AS (
    SELECT DISTINCT country, kind, name, length, least(12, length / 2) AS origins FROM points WHERE length BETWEEN 4 AND 35
  ), forecasters AS (
    SELECT row_number() OVER (ORDER BY place, a, b, phi DESC) AS rank, *
    FROM (
      SELECT 1 AS place, 'seasonal-naive' AS method, '' AS parameters, 0::float8 AS a, 0::float8 AS b, 0::float8 AS phi
      UNION ALL SELECT 2, 'ses', 'alpha=' || a, a, 0, 0 FROM unnest('{0.1,0.2,0.3,0.5,0.8}'::float8[]) a
      UNION ALL SELECT 3, 'holt', 'alpha=' || a || ' beta=' || b || ' phi=' || phi, a, b, phi
        FROM unnest('{0.1,0.3,0.5,0.8}'::float8[]) a, unnest('{0.1,0.3}'::float8[]) b, unnest('{1,0.9}'::float8[]) phi
      UNION ALL SELECT 4, 'croston', 'alpha=' || a, a, 0, 0 FROM unnest('{0.1,0.2,0.3}'::float8[]) a
      UNION ALL SELECT 5, 'tsb', 'alpha=' || a || ' beta=' || b, a, b, 0
        FROM unnest('{0.1,0.3}'::float8[]) a, unnest('{0.1,0.3}'::float8[]) b
    ) grid
  ), states AS (
    -- x and y: level and trend, size and interval, size and probability; since: the last sale
    SELECT country, kind, name, rank, method, a, b, phi, 0 AS n, NULL::float8 AS x, NULL::float8 AS y, 0::float8 AS since
    FROM series CROSS JOIN forecasters
    UNION ALL
    SELECT country, kind, name, rank, method, a, b, phi, points.n,
      CASE
        WHEN method = 'holt' THEN level
        WHEN method IN ('croston', 'tsb') AND value = 0 THEN x
        WHEN x IS NULL THEN value
        ELSE a * value + (1 - a) * x
      END,
      CASE method
        WHEN 'holt' THEN CASE WHEN x IS NULL THEN NULL WHEN y IS NULL THEN value - x
          ELSE b * (level - x) + (1 - b) * phi * y END
        WHEN 'croston' THEN CASE WHEN value = 0 THEN y WHEN y IS NULL THEN since + 1 ELSE a * (since + 1) + (1 - a) * y END
        WHEN 'tsb' THEN CASE WHEN y IS NOT NULL THEN b * (CASE WHEN value = 0 THEN 0 ELSE 1 END) + (1 - b) * y
          WHEN value <> 0 THEN 1 / (since + 1) END
      END,
      CASE WHEN method = 'croston' AND value <> 0 THEN 0 ELSE since + 1 END
    FROM states JOIN points USING (country, kind, name)
      CROSS JOIN LATERAL (SELECT CASE WHEN y IS NULL THEN value ELSE a * value + (1 - a) * (x + phi * y) END AS level) now
    WHERE points.n = states.n + 1
  ), ahead AS (
    -- what was forecast after n months for the h-th after them
    SELECT state.country, state.kind, state.name, rank, method, state.n, h, series.length, series.origins,
      greatest(0, CASE method
        WHEN 'seasonal-naive' THEN before.value
        WHEN 'ses' THEN x
        WHEN 'holt' THEN x + CASE WHEN phi = 1 THEN h ELSE phi * (1 - phi ^ h) / (1 - phi) END * y
        WHEN 'croston' THEN x / y
        ELSE x * y
      END) AS forecast,
      coalesce(CASE method WHEN 'seasonal-naive' THEN before.value WHEN 'ses' THEN x ELSE x * y END) IS NULL AS unknown
    FROM states state JOIN series USING (country, kind, name) CROSS JOIN generate_series(1, 3) h
      LEFT JOIN points before ON before.country = state.country AND before.kind = state.kind AND before.name = state.name
        AND before.n = CASE WHEN state.n < 12 THEN state.n ELSE state.n + h - 12 END
    WHERE state.n >= series.length - series.origins
  ), errors AS (
    SELECT country, kind, name, rank, method, ahead.n, h, forecast, unknown, value AS actual, month
    FROM ahead JOIN points USING (country, kind, name) WHERE points.n = ahead.n + h
  ), trials AS (
    SELECT country, kind, name, rank, method,
      sum(abs(actual - forecast) ORDER BY n, h) / nullif(sum(abs(actual) ORDER BY n, h), 0) AS wape,
      sum(forecast - actual ORDER BY n, h) / nullif(sum(abs(actual) ORDER BY n, h), 0) AS bias
    FROM errors GROUP BY 1, 2, 3, 4, 5 HAVING NOT bool_or(unknown)
  ), best_of_method AS (
    SELECT DISTINCT ON (country, kind, name, method) * FROM trials
    ORDER BY country, kind, name, method, coalesce(wape, 'Infinity'), rank
  ), chosen AS (
    SELECT DISTINCT ON (country, kind, name) * FROM best_of_method
    ORDER BY country, kind, name, coalesce(wape, 'Infinity'), rank
  ), spread AS (
    -- the errors of as many months ahead, or of all where those are few
    SELECT country, kind, name, step,
      percentile_cont(0.1) WITHIN GROUP (ORDER BY actual - forecast) FILTER (WHERE h = step OR own < 10) AS low,
      percentile_cont(0.9) WITHIN GROUP (ORDER BY actual - forecast) FILTER (WHERE h = step OR own < 10) AS high
    FROM (
      SELECT errors.*, step, count(*) FILTER (WHERE h = step) OVER (PARTITION BY country, kind, name, step) AS own
      FROM errors JOIN chosen USING (country, kind, name, rank) CROSS JOIN generate_series(1, 3) step
    ) of_chosen
    GROUP BY 1, 2, 3, 4
  ), told AS (
    SELECT country, kind, name, month, 0 AS horizon, forecast, 1 AS step FROM errors JOIN chosen USING (country, kind, name, rank)
    WHERE h = 1
    UNION ALL
    SELECT country, kind, name, (running + (h - 1) * interval '1 month')::date, h, forecast, h
    FROM ahead JOIN chosen USING (country, kind, name, rank) JOIN running USING (country) WHERE n = length
  )`

function monthsQuery(kind: string, name: string): string {
  // the nearest ten-thousandth, halves up
  const rounded = (amount: string) => `floor(${amount} + 0.5)::numeric / 10000`
  return `${forecasts}
  SELECT country, name AS ${name}, month, horizon, ${rounded('forecast')} AS forecast,
    ${rounded('greatest(0, forecast + least(0, low))')} AS low, ${rounded('forecast + greatest(0, high)')} AS high,
    CASE WHEN month <= running THEN coalesce(net, 0) END AS actual, method, parameters, wape, bias
  FROM told JOIN chosen USING (country, kind, name) JOIN forecasters USING (rank, method)
    JOIN spread USING (country, kind, name, step) JOIN running USING (country)
    LEFT JOIN months USING (country, kind, name, month)
  WHERE kind = '${kind}'`
}

export const storeMonthsQuery = monthsQuery('stores', 'store_id')
export const categoryMonthsQuery = monthsQuery('categories', 'category')

export const accuracyQuery = `${forecasts}
  SELECT country, kind, name, tried.method, parameters, tried.wape, tried.bias, origins, tried.rank = chosen.rank AS chosen
  FROM best_of_method tried JOIN chosen USING (country, kind, name) JOIN series USING (country, kind, name)
    JOIN forecasters ON forecasters.rank = tried.rank`
