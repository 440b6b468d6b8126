import type { LineItem } from '../../processors/retail/model.ts'

/** A line item of FoodMart's store 7, unless told otherwise. */
export function lineItem(more: Partial<LineItem> = {}): LineItem {
  return {
    file: 'sku-us/7/1997-01.csv',
    revision: 1,
    row: 1,
    rows: 1,
    country: 'US',
    storeId: '7',
    sku: '100',
    productKind: 'product',
    kind: 'sale',
    market: 'US',
    invoice: null,
    businessDay: '1997-01-02',
    customerId: 'c1',
    promotionId: null,
    description: null,
    currency: 'USD',
    units: 10000,
    sales: 19900,
    discount: 0,
    cost: 7761,
    storeName: null,
    city: null,
    storeCategory: 'chain',
    chain: 'FoodMart',
    promotionName: null,
    productName: null,
    brand: null,
    category: null,
    subcategory: null,
    listPrice: 19900,
    exchangeRate: null,
    ...more
  }
}
