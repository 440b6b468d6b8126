package storesku.peer;

import java.util.HashMap;
import java.util.Map;

/** --name value pairs; a name without a value is "true". */
final class Options {
    private final Map<String, String> given = new HashMap<>();

    Options(String[] args, int from) {
        for (int i = from; i < args.length; i++) {
            if (!args[i].startsWith("--")) throw new IllegalArgumentException("unexpected " + args[i]);
            boolean value = i + 1 < args.length && !args[i + 1].startsWith("--");
            given.put(args[i].substring(2), value ? args[i + 1] : "true");
            if (value) i++;
        }
    }

    String get(String name, String otherwise) {
        return given.getOrDefault(name, otherwise);
    }

    String need(String name) {
        if (!given.containsKey(name)) throw new IllegalArgumentException("--" + name + " is needed");
        return given.get(name);
    }

    long number(String name, long otherwise) {
        return given.containsKey(name) ? Long.parseLong(given.get(name)) : otherwise;
    }

    String bootstrap() {
        return need("bootstrap");
    }
}
