import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.format.Json;
import java.io.BufferedOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;

/** Drain PROPERTIES COUNT OUT: writes COUNT events as JSON lines and prints the seconds from the first to the last. */
public class Drain {
    private static long seen;
    private static long first;
    private static long last;

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        try (FileInputStream file = new FileInputStream(arguments[0])) {
            properties.load(file);
        }
        long wanted = Long.parseLong(arguments[1]);
        CountDownLatch done = new CountDownLatch(1);
        try (BufferedOutputStream out = new BufferedOutputStream(new FileOutputStream(arguments[2]), 1 << 18)) {
            DebeziumEngine<?> engine = DebeziumEngine.create(Json.class).using(properties).notifying((events, committer) -> {
                first = first == 0 ? System.nanoTime() : first;
                for (var event : events) {
                    try {
                        out.write(event.value().getBytes(StandardCharsets.UTF_8));
                        out.write('\n');
                    } catch (java.io.IOException failure) {
                        throw new IllegalStateException(failure);
                    }
                    committer.markProcessed(event);
                    seen++;
                }
                committer.markBatchFinished();
                last = System.nanoTime();
                if (seen >= wanted) {
                    done.countDown();
                }
            }).using((success, message, failure) -> {
                if (!success) {
                    System.err.println(message + ": " + failure);
                    System.exit(1);
                }
            }).build();
            var executor = Executors.newSingleThreadExecutor();
            executor.execute(engine);
            done.await();
            engine.close();
            executor.shutdown();
        }
        System.out.println("{\"events\":" + seen + ",\"seconds\":" + (last - first) / 1e9 + "}");
        System.exit(0);
    }
}
