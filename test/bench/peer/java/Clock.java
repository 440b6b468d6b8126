package storesku.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** A moment: wall time, and the CPU time (user and system) of this process and of the broker until then, seconds. */
record Clock(double wall, double cpu, double broker) {
    private static final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    static Clock read(long brokerPid) {
        return new Clock(System.nanoTime() / 1e9, system.getProcessCpuTime() / 1e9, cpuOf(brokerPid));
    }

    /** Highest resident set of this process so far, MiB; 0 where /proc does not tell. */
    static long peakRssMiB() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status")))
                if (line.startsWith("VmHWM:")) return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
        } catch (IOException noProc) {
            return 0;
        }
        return 0;
    }

    /** As in cpu.ts: fields 14 and 15 of /proc/PID/stat, ticks of 10 ms. */
    private static double cpuOf(long pid) {
        if (pid == 0) return 0;
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
        } catch (IOException noProc) {
            return 0;
        }
    }
}
