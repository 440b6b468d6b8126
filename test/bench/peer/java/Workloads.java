package storesku.bench;

import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.WindowStore;

/** The workloads of test/bench/workload/workloads.ts in the DSL of Kafka Streams, step by step the same. */
final class Workloads {
    private static final Serde<String> text = Serdes.String();
    private static final Serde<Models.Line> lines = new JsonSerde<>(Models.Line.class);
    private static final Serde<Models.Sale> sales = new JsonSerde<>(Models.Sale.class);
    private static final Serde<Models.Totals> totals = new JsonSerde<>(Models.Totals.class);

    private Workloads() {
    }

    static StreamsBuilder of(String name, String input, String output, Progress progress) {
        StreamsBuilder builder = new StreamsBuilder();
        switch (name) {
            case "stateless" -> stateless(builder, input, output, progress);
            case "csv" -> csv(builder, input, output, progress);
            case "aggregate" -> aggregate(builder, input, output, progress);
            case "rekey-aggregate" -> rekeyAggregate(builder, input, output, progress);
            default -> throw new IllegalArgumentException("there is no workload " + name);
        }
        return builder;
    }

    private static void stateless(StreamsBuilder builder, String input, String output, Progress progress) {
        builder.stream(input, Consumed.with(text, lines))
            .filter((key, line) -> {
                progress.input();
                progress.done();
                return line.qty > 0;
            })
            .mapValues(Models.Sale::of)
            .to(output, Produced.with(text, sales));
    }

    private static void csv(StreamsBuilder builder, String input, String output, Progress progress) {
        builder.stream(input, Consumed.with(text, text))
            .mapValues(line -> {
                progress.input();
                progress.done();
                return LineParser.parse(line);
            })
            .filter((key, line) -> line != null)
            .to(output, Produced.with(text, lines));
    }

    private static void aggregate(StreamsBuilder builder, String input, String output, Progress progress) {
        builder.stream(input, Consumed.with(text, lines))
            .groupByKey()
            .aggregate(Models.Totals::new, (key, line, sum) -> {
                progress.input();
                progress.done();
                return sum.plus(line);
            }, Materialized.<String, Models.Totals, KeyValueStore<Bytes, byte[]>>as("totals").withKeySerde(text).withValueSerde(totals))
            .toStream()
            .to(output, Produced.with(text, totals));
    }

    private static void rekeyAggregate(StreamsBuilder builder, String input, String output, Progress progress) {
        builder.stream(input, Consumed.with(text, lines))
            .selectKey((key, line) -> {
                progress.input();
                return line.country + "|" + line.sku;
            })
            .groupByKey(Grouped.with("by-sku", text, lines))
            // partitions of a backlog are read hours apart: a grace of a day keeps every record
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofHours(1), Duration.ofDays(1)))
            .aggregate(Models.Totals::new, (key, line, sum) -> {
                progress.done();
                return sum.plus(line);
            }, Materialized.<String, Models.Totals, WindowStore<Bytes, byte[]>>as("hourly")
                .withKeySerde(text)
                .withValueSerde(totals)
                .withRetention(Duration.ofDays(2))
                // the lines are of 2023: a broker that deletes by their time would delete at once
                .withLoggingEnabled(Map.of("retention.ms", "-1")))
            .toStream()
            .map((window, sum) -> KeyValue.pair(window.key() + "@" + window.window().start(), sum))
            .to(output, Produced.with(text, totals));
    }
}
