import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.marcnuri.helm.Helm;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Lints a chart, then renders it with each file of values: HelmCheck OUT CHART VALUES... . Writes a JSON object to OUT: `lint`, the messages of a
 * chart that fails, and by each file either `manifests` or `error`. HelmCheck OUT --resources FILE writes what Kubernetes' own models refuse of
 * the resources in FILE, a JSON array: unknown names, missing ones, wrong kinds of value.
 */
public final class HelmCheck {
  public static void main(String[] args) throws Exception {
    JsonElement result = args[1].equals("--resources") ? refusals(Files.readString(Path.of(args[2]))) : rendered(args);
    // not to the standard output, on which the library talks, too
    Files.writeString(Path.of(args[0]), result.toString());
  }

  private static JsonObject rendered(String[] args) {
    Path chart = Path.of(args[1]);
    JsonObject result = new JsonObject();
    var lint = new Helm(chart).lint().strict().call();
    result.addProperty("lint", lint.isFailed() ? String.join("\n", lint.getMessages()) : "");
    for (int i = 2; i < args.length; i++) {
      JsonObject one = new JsonObject();
      try {
        one.addProperty("manifests", new Helm(chart).template().withName("shop").withNamespace("retail").withValuesFile(Path.of(args[i])).call());
      } catch (RuntimeException error) {
        one.addProperty("error", error.getMessage());
      }
      result.add(args[i], one);
    }
    return result;
  }

  private static JsonArray refusals(String json) throws Exception {
    var refused = new JsonArray();
    for (JsonElement resource : JsonParser.parseString(json).getAsJsonArray()) {
      JsonObject object = resource.getAsJsonObject();
      String version = object.get("apiVersion").getAsString();
      version = version.substring(version.indexOf('/') + 1);
      String kind = object.get("kind").getAsString();
      Class<?> model = Class.forName("io.kubernetes.client.openapi.models." + version.toUpperCase() + kind);
      try {
        model.getMethod("validateJsonElement", JsonElement.class).invoke(null, resource);
      } catch (InvocationTargetException error) {
        refused.add(kind + ": " + error.getCause().getMessage());
      }
    }
    return refused;
  }
}
