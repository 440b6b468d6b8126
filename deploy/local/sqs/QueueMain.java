package storesku.local;

import java.util.concurrent.CountDownLatch;
import org.elasticmq.rest.sqs.SQSRestServer;
import org.elasticmq.rest.sqs.SQSRestServerBuilder;

/** Serves queues over SQS's protocol until it is told to end: QueueMain PORT. Queues and messages are in memory. */
public final class QueueMain {
  private QueueMain() {}

  public static void main(String[] arguments) throws Exception {
    SQSRestServer server = SQSRestServerBuilder.withInterface("127.0.0.1")
        .withPort(Integer.parseInt(arguments[0]))
        .start();
    server.waitUntilStarted();
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      server.stopAndWait();
      ended.countDown();
    }));
    ended.await();
  }
}
