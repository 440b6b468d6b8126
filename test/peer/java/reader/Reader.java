package storesku.peer;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads topics from their beginnings to where they end now, without a group. */
final class Reader implements AutoCloseable {
    private final KafkaConsumer<byte[], byte[]> consumer;

    Reader(String bootstrap, String isolation) {
        Properties config = new Properties();
        config.put("bootstrap.servers", bootstrap);
        config.put("isolation.level", isolation);
        config.put("enable.auto.commit", "false");
        config.put("auto.offset.reset", "earliest");
        consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    List<TopicPartition> partitions(String topic) {
        var all = consumer.partitionsFor(topic, Duration.ofSeconds(60));
        if (all == null || all.isEmpty()) throw new IllegalStateException("no topic " + topic);
        return all.stream().map(p -> new TopicPartition(topic, p.partition())).toList();
    }

    boolean exists(String topic) {
        return consumer.listTopics(Duration.ofSeconds(60)).containsKey(topic);
    }

    /** With read_committed: the last stable offsets, else the high watermarks. */
    Map<TopicPartition, Long> ends(List<TopicPartition> partitions) {
        return consumer.endOffsets(partitions, Duration.ofSeconds(60));
    }

    /** From these offsets (where there is none: from the beginning) to the end; returns how many records there were. */
    long read(List<TopicPartition> partitions, Map<TopicPartition, Long> from, Consumer<ConsumerRecord<byte[], byte[]>> each) {
        Map<TopicPartition, Long> ends = ends(partitions);
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        for (TopicPartition p : partitions) if (from.get(p) != null) consumer.seek(p, from.get(p));
        long count = 0;
        long idleSince = System.currentTimeMillis();
        while (partitions.stream().anyMatch(p -> consumer.position(p, Duration.ofSeconds(60)) < ends.get(p))) {
            var records = consumer.poll(Duration.ofMillis(100));
            for (var record : records) if (record.offset() < ends.get(new TopicPartition(record.topic(), record.partition()))) {
                each.accept(record);
                count++;
            }
            if (!records.isEmpty()) idleSince = System.currentTimeMillis();
            if (System.currentTimeMillis() - idleSince > 30_000) throw new IllegalStateException("no progress in 30 s reading " + partitions);
        }
        return count;
    }

    @Override
    public void close() {
        consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(Duration.ofSeconds(5)));
    }
}
