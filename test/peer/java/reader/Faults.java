package storesku.peer;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Fills --topic for a check of Verify: 0..9 but not 7, 3 twice, all committed; 100..104 aborted; with --hang also 200 in a transaction left open. */
public final class Faults {
    public static void main(String[] args) throws Exception {
        Options options = new Options(args, 0);
        String topic = options.need("topic");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", options.bootstrap()))) {
            admin.createTopics(List.of(new NewTopic(topic, Optional.of(1), Optional.empty()))).all().get();
        }
        Map<String, Object> config = Map.of("bootstrap.servers", options.bootstrap(), "transactional.id", topic, "transaction.timeout.ms", "60000");
        var producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
        producer.initTransactions();
        producer.beginTransaction();
        for (int n : new int[] {0, 1, 2, 3, 4, 5, 6, 8, 9, 3}) send(producer, topic, n);
        producer.commitTransaction();
        producer.beginTransaction();
        for (int n = 100; n < 105; n++) send(producer, topic, n);
        producer.flush();
        producer.abortTransaction();
        if (options.get("hang", null) != null) {
            producer.beginTransaction();
            send(producer, topic, 200);
            producer.flush();
            Runtime.getRuntime().halt(0);
        }
        producer.close();
    }

    private static void send(KafkaProducer<String, String> producer, String topic, int n) {
        var record = new ProducerRecord<>(topic, "k" + n % 3, "{\"n\":" + n + "}");
        record.headers().add("id", String.valueOf(n).getBytes());
        producer.send(record);
    }

    private Faults() { }
}
