import { readFileSync } from 'node:fs'

/** CPU seconds (user and system) of this process. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** CPU seconds of another process, where /proc tells; else 0. */
export function cpuSecondsOf(pid: number): number {
  if (pid === 0) return 0
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // the fields after the command's closing parenthesis: utime and stime are the 12th and 13th, in ticks of 10 ms
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return 0
  }
}

/** Highest resident set so far, MiB. */
export function peakRssMiB(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024)
}
