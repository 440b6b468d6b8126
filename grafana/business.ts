import { dashboard, lines, numbers } from './panels.ts'

const by = 'sum by (country, currency)'
const series = 'sum by (country, kind)'
const shares = 'sum by (country, kind, months)'
const sold = `(${shares} (retail_forecast_sold_amount{months!="1"}) > 0)`

/**
 * What was sold: the latest 31 business days that there are figures of, by the customers' country, in the reporting currency. What is forecast is by
 * the stores' country, in its currency.
 */
export const business = dashboard(
  'business',
  'Store-SKU: business',
  [
    {
      title: 'The latest 31 business days',
      panels: [
        numbers('Sales', {
          unit: 'short',
          description: 'Gross, before returns and discounts.',
          queries: [[`${by} (retail_sales_amount)`, '{{country}} {{currency}}']]
        }),
        numbers('Returns', {
          unit: 'short',
          description: 'What came back.',
          queries: [[`${by} (retail_returns_amount)`, '{{country}} {{currency}}']]
        }),
        numbers('Margin', {
          unit: 'short',
          description: 'After the cost of what was sold; days without all costs are left out.',
          queries: [[`${by} (retail_margin_amount)`, '{{country}} {{currency}}']]
        })
      ]
    },
    {
      title: 'Over time',
      panels: [
        lines('Sales by country', {
          unit: 'short',
          description: 'As they come in.',
          queries: [[`${by} (retail_sales_amount)`, '{{country}} {{currency}}']]
        }),
        lines('Share of returns', {
          unit: 'percentunit',
          description: 'Of gross sales.',
          queries: [[`${by} (retail_returns_amount) / (${by} (retail_sales_amount) > 0)`, '{{country}}']]
        }),
        lines('Share of margin', {
          unit: 'percentunit',
          description: 'Of gross sales.',
          queries: [[`${by} (retail_margin_amount) / (${by} (retail_sales_amount) > 0)`, '{{country}}']]
        })
      ]
    },
    {
      title: 'Forecasts',
      panels: [
        lines('Forecast and sold: the latest complete month', {
          unit: 'short',
          description:
            'Net sales, and what was forecast a month before; both of those stores and categories that are forecast.',
          queries: [
            [`${series} (retail_forecast_amount{horizon="0"})`, '{{country}} {{kind}} forecast'],
            [`${series} (retail_forecast_sold_amount{months="1"})`, '{{country}} {{kind}} sold']
          ]
        }),
        lines('Error (WAPE)', {
          unit: 'percentunit',
          description:
            'How far forecasts of a month ahead were from what each store and category sold, as a share of it: over 3 months and 12. Compare with docs/forecasts.md.',
          queries: [
            [
              `${shares} (retail_forecast_error_amount{months!="1"}) / ${sold}`,
              '{{country}} {{kind}} {{months}} months'
            ]
          ]
        }),
        lines('Bias', {
          unit: 'percentunit',
          signed: true,
          description:
            'Forecast less sold, as a share of what was sold: above zero, too much was forecast. Worry beyond 20 % over 3 months.',
          queries: [
            [
              `${shares} (retail_forecast_excess_amount{months!="1"}) / ${sold}`,
              '{{country}} {{kind}} {{months}} months'
            ]
          ]
        }),
        numbers('The months to come', {
          unit: 'short',
          description: 'Forecast net sales of the running month (1) and the two after it.',
          queries: [
            [
              'sum by (country, kind, horizon) (retail_forecast_amount{horizon!="0"})',
              '{{country}} {{kind}} {{horizon}}'
            ]
          ]
        })
      ]
    },
    {
      title: 'Analyses of your own',
      panels: [
        lines('Figures', {
          unit: 'short',
          signed: true,
          description:
            'Of each analysis that was added (docs/new-analysis.md): sums over its rows, by country.',
          queries: [
            [
              'sum by (analysis, country, figure) (retail_analysis_figure)',
              '{{analysis}} {{country}} {{figure}}'
            ]
          ]
        })
      ]
    }
  ],
  { byApplication: false }
)
