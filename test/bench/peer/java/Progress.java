package storesku.bench;

import java.util.concurrent.atomic.AtomicLong;

/** Counts records on their way; more than one stream thread may do so. */
final class Progress {
    private final AtomicLong inputs = new AtomicLong();
    private final AtomicLong done = new AtomicLong();
    private final Runnable onFirst;

    Progress(Runnable onFirst) {
        this.onFirst = onFirst;
    }

    /** A record has reached the topology. */
    void input() {
        if (inputs.getAndIncrement() == 0) onFirst.run();
    }

    /** A record has had its last step. */
    void done() {
        done.incrementAndGet();
    }

    long doneSoFar() {
        return done.get();
    }
}
