package storesku.peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.WindowStore;

/** The application of README.md in Java: makes its input, runs it, and reads back and predicts its state. */
public final class Takeover {
    private static final long HOUR = 3_600_000, START = 1_767_225_600_000L; // 2026-01-01T00:00Z
    private static final ObjectMapper MAPPER = new ObjectMapper();

    record Sale(String key, long amount, long timestamp) { }

    record Total(long count, long sum) {
        String json() {
            return "{\"count\":" + count + ",\"sum\":" + sum + "}";
        }
    }

    // ---- serdes

    private static JsonNode parse(byte[] bytes) {
        try {
            return MAPPER.readTree(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static <T> Serde<T> text(Function<T, String> write, Function<JsonNode, T> read) {
        return Serdes.serdeFrom((topic, v) -> v == null ? null : write.apply(v).getBytes(StandardCharsets.UTF_8), (topic, b) -> b == null ? null : read.apply(parse(b)));
    }

    private static final Serde<String> STRING = Serdes.String();
    private static final Serde<Long> AMOUNT = text(v -> "{\"amount\":" + v + "}", n -> n.get("amount").longValue());
    private static final Serde<Total> TOTAL = text(Total::json, n -> new Total(n.get("count").longValue(), n.get("sum").longValue()));
    private static final Serde<Long> NUMBER = text(String::valueOf, JsonNode::longValue);

    // ---- the topology

    private static Topology topology(String app) {
        StreamsBuilder builder = new StreamsBuilder();
        var input = builder.stream(app + "-input", Consumed.with(STRING, AMOUNT));
        var byKey = input.groupByKey(Grouped.with(STRING, AMOUNT));
        byKey.aggregate(() -> new Total(0, 0), (k, v, total) -> new Total(total.count + 1, total.sum + v),
                Materialized.<String, Total, KeyValueStore<Bytes, byte[]>>as("totals").withKeySerde(STRING).withValueSerde(TOTAL))
            .toStream().to(app + "-output", Produced.with(STRING, TOTAL));
        byKey.windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofHours(1), Duration.ofDays(1)))
            .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("hourly").withKeySerde(STRING).withValueSerde(Serdes.Long())
                .withRetention(Duration.ofDays(2)).withLoggingEnabled(Map.of("retention.ms", "-1")))
            .toStream((k, v) -> k.key() + "@" + k.window().start()).to(app + "-output2", Produced.with(STRING, NUMBER));
        input.groupBy((k, v) -> String.valueOf(v % 7), Grouped.with("by-size", STRING, AMOUNT))
            .count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("sizes").withKeySerde(STRING).withValueSerde(Serdes.Long()));
        return builder.build();
    }

    // ---- the input

    /** Record i of the input; time goes on by 0..40 s a record, and one record in four is up to two hours behind. */
    private static List<Sale> input(Options options) {
        int records = (int) options.number("records", 1000);
        int from = (int) options.number("from", 0), to = (int) options.number("to", records);
        Random random = new Random(options.number("seed", 1));
        List<Sale> all = new ArrayList<>();
        long now = START;
        for (int i = 0; i < records; i++) {
            now += random.nextInt(40_001);
            int k = random.nextInt(24);
            all.add(new Sale(k == 0 ? "é" : k == 1 ? "" : "k" + k, random.nextInt(1000) - 200, random.nextInt(4) > 0 ? now : Math.max(START, now - random.nextInt(2 * (int) HOUR))));
        }
        return all.subList(from, to);
    }

    private static void produce(Options options) throws Exception {
        String app = options.need("app");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", options.bootstrap()))) {
            for (String topic : List.of("-input", "-output", "-output2")) {
                try { // the records are of the past: they must not be deleted for their age
                    admin.createTopics(List.of(new NewTopic(app + topic, Optional.of(4), Optional.empty()).configs(Map.of("retention.ms", "-1")))).all().get();
                } catch (java.util.concurrent.ExecutionException e) {
                    if (!(e.getCause() instanceof TopicExistsException)) throw e;
                }
            }
        }
        List<Sale> sales = input(options);
        Map<String, Object> config = Map.of("bootstrap.servers", options.bootstrap(), "acks", "all", "linger.ms", "5");
        try (var producer = new KafkaProducer<>(config, new StringSerializer(), AMOUNT.serializer())) {
            for (Sale s : sales) producer.send(new ProducerRecord<>(app + "-input", null, s.timestamp, s.key, s.amount), (sent, e) -> {
                if (e != null) throw new IllegalStateException(e);
            });
            producer.flush();
        }
        System.out.println("{\"produced\":" + sales.size() + "}");
    }

    // ---- running it

    private static void run(Options options) throws Exception {
        String app = options.need("app");
        boolean ownState = options.get("state", null) == null;
        Path state = ownState ? Files.createTempDirectory("takeover-") : Path.of(options.need("state"));
        Properties config = new Properties();
        config.put("application.id", app);
        config.put("bootstrap.servers", options.bootstrap());
        config.put("processing.guarantee", options.get("guarantee", "exactly_once_v2"));
        config.put("group.protocol", options.get("protocol", "classic"));
        config.put("statestore.cache.max.bytes", options.get("cache", "0"));
        config.put("num.stream.threads", options.get("threads", "1"));
        config.put("commit.interval.ms", options.get("commit", "200"));
        config.put("replication.factor", "-1");
        config.put("state.dir", state.toString());
        config.put("consumer.auto.offset.reset", "earliest");
        if (options.get("session", null) != null) config.put("consumer.session.timeout.ms", options.get("session", null)); // of the classic protocol
        long began = System.currentTimeMillis();
        long limit = began + options.number("timeout", 120) * 1000;
        int zeros = 0;
        try (KafkaStreams streams = new KafkaStreams(topology(app), config)) {
            streams.setUncaughtExceptionHandler(e -> {
                e.printStackTrace();
                return org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
            });
            streams.start();
            if (options.get("until-lag-0", null) == null) new java.util.concurrent.CountDownLatch(1).await();
            try (Reader reader = new Reader(options.bootstrap(), "read_committed"); Admin admin = Admin.create(Map.of("bootstrap.servers", options.bootstrap()))) {
                while (zeros < 3) {
                    Thread.sleep(300);
                    long left = left(app, reader, admin);
                    zeros = left == 0 ? zeros + 1 : 0;
                    if (streams.state() == KafkaStreams.State.ERROR) throw new IllegalStateException("the application failed");
                    if (System.currentTimeMillis() > limit) throw new IllegalStateException("not done in time: " + left + " records left");
                }
            }
            // otherwise a member of the classic protocol stays in the group until its session times out, and whoever comes next waits for it
            streams.close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP).withTimeout(Duration.ofSeconds(30)));
        }
        if (ownState) try (var files = Files.walk(state)) {
            files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        }
        System.out.println("{\"ran\":\"" + app + "\",\"ms\":" + (System.currentTimeMillis() - began) + "}");
    }

    /** Records (not transaction markers) that the group has not committed, of the input and then of the repartition topic. */
    private static long left(String app, Reader reader, Admin admin) throws Exception {
        long left = 0;
        for (String topic : List.of(app + "-input", app + "-by-size-repartition")) {
            if (!reader.exists(topic)) return 1;
            List<TopicPartition> partitions = reader.partitions(topic);
            Map<TopicPartition, Long> committed = new HashMap<>();
            admin.listConsumerGroupOffsets(app).partitionsToOffsetAndMetadata().get().forEach((p, o) -> {
                if (o != null) committed.put(p, o.offset());
            });
            left += reader.read(partitions, committed, r -> { });
        }
        return left;
    }

    // ---- its state

    private static String key(String store, byte[] key) {
        if (!store.equals("hourly")) return new String(key, StandardCharsets.UTF_8);
        // key bytes, 8 bytes of window start, 4 bytes of sequence number (0)
        ByteBuffer end = ByteBuffer.wrap(key, key.length - 12, 12);
        return new String(key, 0, key.length - 12, StandardCharsets.UTF_8) + "@" + end.getLong() + (end.getInt() == 0 ? "" : "#seq");
    }

    private static void dump(Options options) {
        String app = options.need("app");
        Map<String, String> lines = new TreeMap<>();
        try (Reader reader = new Reader(options.bootstrap(), "read_committed")) {
            for (String store : List.of("totals", "hourly", "sizes")) {
                reader.read(reader.partitions(app + "-" + store + "-changelog"), Map.of(), r -> {
                    String name = store + " " + key(store, r.key());
                    String value = r.value() == null ? null : store.equals("totals") ? new String(r.value(), StandardCharsets.UTF_8) : String.valueOf(ByteBuffer.wrap(r.value()).getLong());
                    if (value == null) lines.remove(name);
                    else lines.put(name, value + " " + r.timestamp());
                });
            }
        }
        print(lines);
    }

    /** The last record of each key of the output topics. */
    private static void outputs(Options options) {
        String app = options.need("app");
        Map<String, String> lines = new TreeMap<>();
        try (Reader reader = new Reader(options.bootstrap(), "read_committed")) {
            for (String topic : List.of("output", "output2"))
                reader.read(reader.partitions(app + "-" + topic), Map.of(), r -> lines.put((topic.equals("output") ? "totals " : "hourly ") + new String(r.key(), StandardCharsets.UTF_8),
                    new String(r.value(), StandardCharsets.UTF_8) + " " + r.timestamp()));
        }
        print(lines);
    }

    private static void expect(Options options) {
        Map<String, Total> totals = new TreeMap<>();
        Map<String, Long> times = new HashMap<>();
        for (Sale s : input(options)) {
            for (String name : List.of("totals " + s.key, "hourly " + s.key + "@" + s.timestamp / HOUR * HOUR, "sizes " + s.amount % 7)) {
                totals.merge(name, new Total(1, s.amount), (x, y) -> new Total(x.count + y.count, x.sum + y.sum));
                times.merge(name, s.timestamp, Math::max);
            }
        }
        Map<String, String> lines = new TreeMap<>();
        totals.forEach((name, total) -> {
            if (!name.startsWith("sizes") || options.get("outputs", null) == null)
                lines.put(name, (name.startsWith("totals") ? total.json() : String.valueOf(total.count)) + " " + times.get(name));
        });
        print(lines);
    }

    private static void print(Map<String, String> lines) {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        lines.forEach((name, rest) -> out.println(name + " " + rest));
        out.flush();
    }

    public static void main(String[] args) throws Exception {
        Options options = new Options(args, Math.min(1, args.length));
        switch (args.length == 0 ? "" : args[0]) {
            case "produce" -> produce(options);
            case "run" -> run(options);
            case "dump" -> dump(options);
            case "outputs" -> outputs(options);
            case "expect" -> expect(options);
            case "describe" -> System.out.print(topology(options.need("app")).describe());
            default -> throw new IllegalArgumentException("produce, run, dump, outputs, expect or describe");
        }
    }

    private Takeover() { }
}
