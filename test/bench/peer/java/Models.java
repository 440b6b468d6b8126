package storesku.bench;

/** What the workloads read and write, as fields that Jackson binds. */
final class Models {
    private Models() {
    }

    public static final class Line {
        public String country;
        public String storeId;
        public String sku;
        public int qty;
        public double price;
        public long ts;
        public String invoice;
        public String category;
        public String description;
    }

    public static final class Sale {
        public String storeId;
        public String sku;
        public String country;
        public int qty;
        public double amount;
        public long ts;

        static Sale of(Line line) {
            Sale sale = new Sale();
            sale.storeId = line.storeId;
            sale.sku = line.sku;
            sale.country = line.country;
            sale.qty = line.qty;
            sale.amount = line.qty * line.price;
            sale.ts = line.ts;
            return sale;
        }
    }

    public static final class Totals {
        public long count;
        public long units;
        public double revenue;

        /** Changes in place, as Java's users do. */
        Totals plus(Line line) {
            count += 1;
            units += line.qty;
            revenue += line.qty * line.price;
            return this;
        }
    }
}
