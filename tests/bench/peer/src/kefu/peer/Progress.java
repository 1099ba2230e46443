package kefu.peer;

import java.util.concurrent.atomic.AtomicLongArray;

/** How far each partition of the topic is. Written by the stream threads, each its own partitions. */
final class Progress {
  private final long[] ends;
  private final AtomicLongArray next;
  private volatile long firstAt;
  private volatile long lastAt;

  /** `next`: what is applied before this process began. */
  Progress(long[] ends, long[] next) {
    this.ends = ends;
    this.next = new AtomicLongArray(next);
  }

  void done(int partition, long offset) {
    if (firstAt == 0) firstAt = System.nanoTime();
    next.lazySet(partition, offset + 1);
    if (offset + 1 >= ends[partition]) lastAt = System.nanoTime();
  }

  boolean complete() {
    for (int p = 0; p < ends.length; ++p) {
      if (next.get(p) < ends[p]) return false;
    }
    return true;
  }

  long events() {
    long sum = 0;
    for (long end : ends) sum += end;
    return sum;
  }

  long applied() {
    long sum = 0;
    for (int p = 0; p < ends.length; ++p) sum += next.get(p);
    return sum;
  }

  /** From the first event this process folded to the last. */
  double seconds() {
    return (lastAt - firstAt) / 1e9;
  }
}
