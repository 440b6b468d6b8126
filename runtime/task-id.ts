/** A task's name in folders, metrics and groups, as in Kafka Streams: `<sub-topology>_<partition>`. */
export function taskIdOf(subTopology: string | number, partition: number): string {
  return `${subTopology}_${partition}`
}

export interface TaskIdParts {
  readonly subTopology: string
  readonly partition: number
}

export function partsOfTaskId(id: string): TaskIdParts {
  const at = id.indexOf('_')
  return { subTopology: id.slice(0, at), partition: Number(id.slice(at + 1)) }
}
