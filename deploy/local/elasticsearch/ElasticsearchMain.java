package storesku.local;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * Runs one node in this process: ElasticsearchMain HOME DATA LOGS PORT. The launcher of the official distribution is
 * not in Maven Central.
 */
public final class ElasticsearchMain {
  private static final String NODE_NAME = "local";

  private ElasticsearchMain() {}

  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(arguments[0]);
    Settings settings = Settings.builder()
        .put("path.home", home)
        .put("path.data", arguments[1])
        .put("path.logs", arguments[2])
        .put("http.port", arguments[3])
        .put("transport.port", "0")
        .put("network.host", "127.0.0.1")
        .put("cluster.name", "store-sku-local")
        .put("node.name", NODE_NAME)
        .put("discovery.type", "single-node")
        // a developer's disk that is nearly full should not make indices read-only
        .put("cluster.routing.allocation.disk.threshold_enabled", "false")
        .build();
    LogConfigurator.configureESLogging();
    LogConfigurator.setNodeName(NODE_NAME);
    Environment environment = InternalSettingsPreparer.prepareEnvironment(
        settings, Map.of(), home.resolve("config"), () -> NODE_NAME);
    PluginsLoader plugins = PluginsLoader.createPluginsLoader(
        PluginsLoader.loadModulesBundles(environment.modulesDir()),
        PluginsLoader.loadPluginsBundles(environment.pluginsDir()),
        Map.of(),
        false);
    Node node = new Node(environment, plugins);
    CountDownLatch closed = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      try {
        node.close();
      } catch (Exception e) {
        e.printStackTrace();
      }
      closed.countDown();
    }));
    node.start();
    // none of the node's own threads keeps Java from ending
    closed.await();
  }
}
