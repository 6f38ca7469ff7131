package peers;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.executiongraph.AccessExecutionJobVertex;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

/**
 * One query of the benchmark on a cluster in this JVM, one or more passes; a line of JSON for each.
 *
 * <p>Arguments: {@code --query q0 --input PATH --output DIR --checkpoints DIR [--passes 2] [--parallelism 2] [--mini-batch]}. Each
 * pass writes to {@code DIR/pass-N}. A pass is timed from the moment when the first source runs, so when it reads its first row, to
 * the moment when the job has finished, which it does after its last checkpoint has committed the last file. CPU time is that of the
 * JVM over the pass, with planning and deployment.
 */
public final class Nexmark {
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private Nexmark() {}

  public static void main(String[] words) throws Exception {
    Map<String, String> options = options(words);
    int passes = Integer.parseInt(options.getOrDefault("passes", "2"));
    int parallelism = Integer.parseInt(options.getOrDefault("parallelism", "2"));
    Configuration configuration = configuration(options);
    MiniClusterConfiguration shape =
        new MiniClusterConfiguration.Builder()
            .setConfiguration(configuration)
            .setNumTaskManagers(1)
            .setNumSlotsPerTaskManager(parallelism)
            .setCommonBindAddress("127.0.0.1")
            .build();
    try (MiniCluster cluster = new MiniCluster(shape)) {
      cluster.start();
      for (int pass = 1; pass <= passes; pass++) run(cluster, configuration, options, parallelism, pass);
    }
    System.exit(0);
  }

  private static Map<String, String> options(String[] words) {
    Map<String, String> options = new HashMap<>();
    for (int i = 0; i < words.length; i++) {
      String name = words[i].substring(2);
      boolean valued = i + 1 < words.length && !words[i + 1].startsWith("--");
      options.put(name, valued ? words[++i] : "true");
    }
    return options;
  }

  private static Configuration configuration(Map<String, String> options) {
    Configuration of = new Configuration();
    of.setString("rest.port", "0");
    of.setString("rest.bind-port", "0");
    of.setString("rest.address", "127.0.0.1");
    of.setString("rest.bind-address", "127.0.0.1");
    of.setString("jobmanager.bind-host", "127.0.0.1");
    of.setString("state.backend.type", "hashmap");
    of.setString("execution.checkpointing.interval", "1 s");
    of.setString("execution.checkpointing.mode", "EXACTLY_ONCE");
    of.setString("execution.checkpointing.storage", "filesystem");
    of.setString("execution.checkpointing.dir", Path.of(options.get("checkpoints")).toUri().toString());
    of.setString("pipeline.object-reuse", "true");
    of.setString("pipeline.auto-watermark-interval", "200 ms");
    of.setString("taskmanager.memory.managed.size", "256 mb");
    of.setString("taskmanager.memory.network.min", "128 mb");
    of.setString("taskmanager.memory.network.max", "128 mb");
    return of;
  }

  private static void run(
      MiniCluster cluster, Configuration configuration, Map<String, String> options, int parallelism, int pass)
      throws Exception {
    Path output = Path.of(options.get("output"), "pass-" + pass);
    Files.createDirectories(output);
    long cpuBefore = SYSTEM.getProcessCpuTime();
    StreamExecutionEnvironment environment = remote(cluster, configuration, parallelism);
    StreamTableEnvironment tables = StreamTableEnvironment.create(environment);
    tables.getConfig().setLocalTimeZone(ZoneOffset.UTC);
    if (options.containsKey("mini-batch")) miniBatch(tables);
    JobClient job = Queries.start(tables, environment, options.get("query"), options.get("input"), output.toString());
    AccessExecutionGraph ended = await(cluster, job.getJobID());
    long cpuNanos = SYSTEM.getProcessCpuTime() - cpuBefore;
    long firstRead = firstRunning(ended);
    long last = ended.getStatusTimestamp(JobStatus.FINISHED);
    long processStart = ManagementFactory.getRuntimeMXBean().getStartTime();
    System.out.printf(
        "{\"pass\":%d,\"startMs\":%d,\"wallMs\":%d,\"cpuMs\":%d,\"processCpuMs\":%d,\"checkpoints\":%d}%n",
        pass, firstRead - processStart, last - firstRead, cpuNanos / 1_000_000, SYSTEM.getProcessCpuTime() / 1_000_000,
        ended.getCheckpointStatsSnapshot().getCounts().getNumberOfCompletedCheckpoints());
    System.out.flush();
  }

  private static StreamExecutionEnvironment remote(MiniCluster cluster, Configuration configuration, int parallelism)
      throws Exception {
    var address = cluster.getRestAddress().get();
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createRemoteEnvironment(address.getHost(), address.getPort(), configuration);
    environment.setParallelism(parallelism);
    return environment;
  }

  private static void miniBatch(StreamTableEnvironment tables) {
    tables.getConfig().set("table.exec.mini-batch.enabled", "true");
    tables.getConfig().set("table.exec.mini-batch.allow-latency", "1 s");
    tables.getConfig().set("table.exec.mini-batch.size", "50000");
  }

  private static AccessExecutionGraph await(MiniCluster cluster, JobID job) throws Exception {
    var result = cluster.requestJobResult(job).get();
    if (result.getSerializedThrowable().isPresent()) {
      throw new IllegalStateException("the job failed", result.getSerializedThrowable().get());
    }
    return cluster.getArchivedExecutionGraph(job).get(10, TimeUnit.SECONDS);
  }

  /** When the first task without inputs began to run. */
  private static long firstRunning(AccessExecutionGraph graph) {
    long first = Long.MAX_VALUE;
    for (AccessExecutionJobVertex vertex : graph.getVerticesTopologically()) {
      if (!vertex.getName().startsWith("Source")) continue;
      for (AccessExecutionVertex task : vertex.getTaskVertices()) {
        first = Math.min(first, task.getStateTimestamp(ExecutionState.RUNNING));
      }
    }
    return first;
  }
}
