package storesku.bench;

import java.util.ArrayList;
import java.util.List;

/** Line items from CSV with the quotes of RFC 4180; the twin of parse-line.ts. */
final class LineParser {
    private static final int columns = 9;

    private LineParser() {
    }

    /** Null for a line that is not valid. */
    static Models.Line parse(String text) {
        List<String> fields = split(text);
        if (fields == null || fields.size() != columns) return null;
        Models.Line line = new Models.Line();
        line.country = fields.get(0);
        line.storeId = fields.get(1);
        line.sku = fields.get(2);
        if (line.country.length() != 2 || line.storeId.isEmpty() || line.sku.isEmpty()) return null;
        try {
            line.qty = Integer.parseInt(fields.get(3));
            line.price = Double.parseDouble(fields.get(4));
            line.ts = Long.parseLong(fields.get(5));
        } catch (NumberFormatException notANumber) {
            return null;
        }
        if (line.qty == 0 || !(line.price >= 0)) return null;
        line.invoice = fields.get(6);
        line.category = fields.get(7);
        line.description = fields.get(8);
        return line;
    }

    private static List<String> split(String text) {
        List<String> fields = new ArrayList<>(columns);
        int length = text.length();
        for (int at = 0; ; at++) {
            int end;
            if (at < length && text.charAt(at) == '"') {
                end = closingQuote(text, at + 1);
                if (end < 0) return null;
                String field = text.substring(at + 1, end);
                fields.add(field.indexOf('"') < 0 ? field : field.replace("\"\"", "\""));
                end++;
                if (end < length && text.charAt(end) != ',') return null;
            } else {
                end = text.indexOf(',', at);
                if (end < 0) end = length;
                fields.add(text.substring(at, end));
            }
            if (end >= length) return fields;
            at = end;
        }
    }

    /** Where a quoted field that begins at `from` ends; two quotes are one of its own. */
    private static int closingQuote(String text, int from) {
        for (int quote = text.indexOf('"', from); quote >= 0; quote = text.indexOf('"', quote + 2))
            if (quote + 1 == text.length() || text.charAt(quote + 1) != '"') return quote;
        return -1;
    }
}
