package storesku.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.StateRestoreListener;

/**
 * One run of a workload by Kafka Streams over an input topic that was filled beforehand. Its figures are a line of JSON, with the names
 * and by the rules of test/bench/workload/run.ts: the clock runs from the first record that reaches the topology until close() has returned,
 * and the second half leaves most of the warming up, and close(), out.
 *
 *   --workload NAME --guarantee G --cache on|off --records N --input TOPIC --bootstrap H:P --brokerPid PID --restore yes|no
 *   --serve yes    works on, without figures, until its standard input ends; --output TOPIC is there already
 */
public final class Bench {
    private static final int partitions = 4;
    private final Map<String, String> args;
    private final Admin admin;
    private final String application;
    private final Properties config = new Properties();

    public static void main(String[] argv) throws Exception {
        Locale.setDefault(Locale.ROOT);
        Map<String, String> args = new HashMap<>();
        for (int i = 0; i + 1 < argv.length; i += 2) args.put(argv[i].substring(2), argv[i + 1]);
        Bench bench = new Bench(args);
        if (args.getOrDefault("serve", "no").equals("yes")) bench.serve();
        else bench.run();
        System.exit(0);
    }

    private Bench(Map<String, String> args) throws Exception {
        this.args = args;
        application = "peer-" + args.get("workload") + "-" + System.currentTimeMillis();
        admin = Admin.create(Map.of("bootstrap.servers", args.get("bootstrap")));
        config.put("application.id", application);
        config.put("bootstrap.servers", args.get("bootstrap"));
        config.put("state.dir", Files.createTempDirectory("store-sku-peer-").toString());
        config.put("processing.guarantee", args.get("guarantee"));
        config.put("auto.offset.reset", "earliest");
        if (args.get("cache").equals("off")) config.put("statestore.cache.max.bytes", "0");
    }

    private void run() throws Exception {
        String workload = args.get("workload");
        String output = application + "-output";
        long records = Long.parseLong(args.get("records"));
        admin.createTopics(List.of(new NewTopic(output, Optional.of(partitions), Optional.empty()).configs(Map.of("retention.ms", "-1"))))
            .all().get();

        AtomicReference<Clock> first = new AtomicReference<>();
        Progress progress = new Progress(() -> first.set(clock()));
        KafkaStreams streams = start(Workloads.of(workload, args.get("input"), output, progress));
        while (progress.doneSoFar() < records / 2) Thread.sleep(2);
        Clock middle = clock();
        long firstHalf = progress.doneSoFar();
        while (progress.doneSoFar() < records) Thread.sleep(2);
        Clock last = clock();
        streams.close();
        Clock end = clock();

        Clock begin = first.get();
        long secondHalf = records - firstHalf;
        print("{\"workload\":\"%s\",\"guarantee\":\"%s\",\"cache\":\"%s\",\"records\":%d,\"seconds\":%.2f,\"recordsPerSecond\":%.0f,"
                + "\"secondHalfRecordsPerClientCpuSecond\":%.0f,\"clientCpuSeconds\":%.2f,\"recordsPerClientCpuSecond\":%.0f,"
                + "\"brokerCpuSeconds\":%.2f,\"peakRssMiB\":%d,\"lag\":%d,\"outputs\":%d}%n",
            workload, args.get("guarantee"), args.get("cache"), records, end.wall() - begin.wall(), records / (end.wall() - begin.wall()),
            secondHalf / (last.cpu() - middle.cpu()), end.cpu() - begin.cpu(), records / (end.cpu() - begin.cpu()),
            end.broker() - begin.broker(), Clock.peakRssMiB(), ends(args.get("input")) - committed(args.get("input")), ends(output));

        if (args.getOrDefault("restore", "no").equals("yes")) restore(output);
        admin.deleteTopics(admin.listTopics().names().get().stream().filter(name -> name.startsWith(application)).toList()).all().get();
        wipeState();
    }

    /** Deletes the local state and times its rebuild from the changelog; the input is at its end, so nothing else happens. */
    private void restore(String output) throws Exception {
        KafkaStreams streams = make(Workloads.of(args.get("workload"), args.get("input"), output, new Progress(() -> { })));
        streams.cleanUp();
        AtomicReference<Clock> begin = new AtomicReference<>();
        AtomicReference<Clock> end = new AtomicReference<>();
        AtomicLong restored = new AtomicLong();
        CountDownLatch stores = new CountDownLatch(partitions);
        streams.setGlobalStateRestoreListener(new StateRestoreListener() {
            @Override
            public void onRestoreStart(TopicPartition partition, String store, long from, long to) {
                begin.compareAndSet(null, clock());
            }

            @Override
            public void onBatchRestored(TopicPartition partition, String store, long offset, long count) {
            }

            @Override
            public void onRestoreEnd(TopicPartition partition, String store, long total) {
                restored.addAndGet(total);
                end.set(clock());
                stores.countDown();
            }
        });
        streams.start();
        stores.await();
        streams.close();
        double seconds = end.get().wall() - begin.get().wall();
        double cpu = end.get().cpu() - begin.get().cpu();
        print("{\"restore\":\"%s\",\"changelogRecords\":%d,\"seconds\":%.2f,\"recordsPerSecond\":%.0f,\"clientCpuSeconds\":%.2f,"
                + "\"recordsPerClientCpuSecond\":%.0f,\"brokerCpuSeconds\":%.2f,\"peakRssMiB\":%d}%n",
            args.get("workload"), restored.get(), seconds, restored.get() / seconds, cpu, restored.get() / cpu,
            end.get().broker() - begin.get().broker(), Clock.peakRssMiB());
    }

    private void serve() throws Exception {
        KafkaStreams streams = start(Workloads.of(args.get("workload"), args.get("input"), args.get("output"), new Progress(() -> { })));
        while (streams.state() != KafkaStreams.State.RUNNING) Thread.sleep(5);
        print("ready%n");
        while (System.in.read() >= 0) { }
        streams.close();
        wipeState();
    }

    private KafkaStreams start(StreamsBuilder builder) {
        KafkaStreams streams = make(builder);
        streams.start();
        return streams;
    }

    private KafkaStreams make(StreamsBuilder builder) {
        KafkaStreams streams = new KafkaStreams(builder.build(), config);
        streams.setUncaughtExceptionHandler(failure -> {
            failure.printStackTrace();
            Runtime.getRuntime().halt(1);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        return streams;
    }

    private Clock clock() {
        return Clock.read(Long.parseLong(args.getOrDefault("brokerPid", "0")));
    }

    private long ends(String topic) throws Exception {
        Map<TopicPartition, OffsetSpec> wanted = IntStream.range(0, partitions).boxed()
            .collect(Collectors.toMap(partition -> new TopicPartition(topic, partition), partition -> OffsetSpec.latest()));
        return admin.listOffsets(wanted).all().get().values().stream().mapToLong(found -> found.offset()).sum();
    }

    private long committed(String topic) throws Exception {
        return admin.listConsumerGroupOffsets(application).partitionsToOffsetAndMetadata().get().entrySet().stream()
            .filter(entry -> entry.getKey().topic().equals(topic))
            .mapToLong(entry -> entry.getValue().offset())
            .sum();
    }

    private void wipeState() throws Exception {
        try (var paths = Files.walk(Path.of(config.getProperty("state.dir")))) {
            for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) Files.delete(path);
        }
    }

    private static void print(String format, Object... values) {
        System.out.printf(format, values);
        System.out.flush();
    }
}
