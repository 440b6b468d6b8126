import { dashboard, lines, numbers } from './panels.ts'

const by = 'sum by (country, currency)'

/** What was sold: the latest 31 business days that there are figures of, by the customers' country, in the reporting currency. */
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
    }
  ],
  { byApplication: false }
)
