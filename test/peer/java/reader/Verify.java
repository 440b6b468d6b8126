package storesku.peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/** Counts what is in a topic, and looks for duplicates and gaps: see README.md. */
public final class Verify {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private static String text(byte[] bytes) {
        return bytes == null ? "null" : new String(bytes, StandardCharsets.UTF_8);
    }

    private static JsonNode field(ConsumerRecord<byte[], byte[]> record, String path) {
        if (record.value() == null) return null;
        try {
            JsonNode node = MAPPER.readTree(record.value());
            for (String name : path.split("\\.")) node = node == null ? null : node.get(name);
            return node;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What names a record: key, value, header:NAME, field:PATH, or several of them joined by +. */
    private static String identity(ConsumerRecord<byte[], byte[]> record, String by) {
        StringBuilder id = new StringBuilder();
        for (String part : by.split("\\+")) {
            String one;
            if (part.equals("key")) one = text(record.key());
            else if (part.equals("value")) one = text(record.value());
            else if (part.startsWith("header:")) {
                var header = record.headers().lastHeader(part.substring(7));
                one = header == null ? "(no header)" : text(header.value());
            } else if (part.startsWith("field:")) one = String.valueOf(field(record, part.substring(6)));
            else throw new IllegalArgumentException("--unique-by " + part);
            id.append(id.isEmpty() ? "" : " ").append(one);
        }
        return id.toString();
    }

    public static void main(String[] args) {
        Options options = new Options(args, 0);
        String topic = options.need("topic"), isolation = options.get("isolation", "read_committed"), by = options.get("unique-by", null);
        ObjectNode result = MAPPER.createObjectNode().put("topic", topic).put("isolation", isolation);
        boolean good = true;
        try (Reader reader = new Reader(options.bootstrap(), isolation); Reader all = new Reader(options.bootstrap(), "read_uncommitted")) {
            List<TopicPartition> partitions = reader.partitions(topic);
            // the ends are compared before anything is read; an open transaction keeps the last stable offset back
            Map<TopicPartition, Long> stable = reader.ends(partitions), high = all.ends(partitions);
            Map<String, Integer> seen = new HashMap<>();
            Map<Long, Integer> numbers = new HashMap<>();
            Map<Integer, Long> perPartition = new TreeMap<>();
            String path = options.get("field", null);
            long[] withoutNumber = {0};
            long records = reader.read(partitions, Map.of(), r -> {
                perPartition.merge(r.partition(), 1L, Long::sum);
                if (by != null) seen.merge(identity(r, by), 1, Integer::sum);
                if (options.get("expect-range", null) != null) {
                    JsonNode n = null;
                    try {
                        n = path != null ? field(r, path) : r.value() == null ? null : MAPPER.readTree(r.value());
                    } catch (IOException e) {
                        // not JSON: no number
                    }
                    if (n != null && n.isTextual() && n.textValue().matches("-?\\d{1,18}")) numbers.merge(Long.parseLong(n.textValue()), 1, Integer::sum);
                    else if (n != null && n.isIntegralNumber()) numbers.merge(n.longValue(), 1, Integer::sum);
                    else withoutNumber[0]++;
                }
            });
            result.put("records", records);
            result.set("perPartition", MAPPER.valueToTree(perPartition));
            if (by != null) {
                result.put("unique", seen.size()).put("duplicates", records - seen.size());
                var first = result.putArray("firstDuplicates");
                seen.entrySet().stream().filter(e -> e.getValue() > 1).sorted(Map.Entry.comparingByKey()).limit(10)
                    .forEach(e -> first.addObject().put("id", e.getKey()).put("times", e.getValue()));
                good &= records == seen.size();
            }
            if (options.get("expect-range", null) != null) {
                String[] range = options.need("expect-range").split("\\.\\.");
                long lo = Long.parseLong(range[0]), hi = Long.parseLong(range[1]), missing = 0;
                var first = result.putArray("firstMissing");
                for (long n = lo; n <= hi; n++) if (!numbers.containsKey(n)) {
                    missing++;
                    if (first.size() < 10) first.add(n);
                }
                long outside = numbers.keySet().stream().filter(n -> n < lo || n > hi).count();
                long repeated = numbers.values().stream().mapToLong(n -> n - 1).sum();
                result.put("missing", missing).put("outsideRange", outside).put("repeatedNumbers", repeated).put("withoutNumber", withoutNumber[0]);
                good &= missing == 0 && outside == 0 && repeated == 0 && withoutNumber[0] == 0;
            }
            if (options.get("count", null) == null && isolation.equals("read_committed")) {
                result.put("abortedOrOpenNotVisible", all.read(partitions, Map.of(), r -> { }) - records);
                result.put("openTransaction", !stable.equals(high));
            }
        }
        System.out.println(result);
        if (!good) System.exit(1);
    }

    private Verify() { }
}
