import { type KafkaClient, string, topic } from '../../index.ts'
import { readTopic } from '../read-topic.ts'

/*
 * One record for each source record that was replayed, in a compacted topic beside the dead letters:
 *
 *   key     <id of the source topic>/<partition>/<offset>
 *   value   <dead-letter topic>-<partition>-<offset>, the dead letter that was taken
 *
 * It is written in the transaction that writes the record back. The source's topic id is in it because a topic that was made anew begins
 * with offset 0 again.
 */

export function markTopicOf(deadLetterTopic: string) {
  return topic(`${deadLetterTopic}.replayed`, {
    key: string(),
    value: string(),
    partitions: 1,
    cleanupPolicy: 'compact'
  })
}

export function markOf(sourceTopicId: string, partition: number, offset: number): string {
  return `${sourceTopicId}/${partition}/${offset}`
}

/** What was replayed so far; nothing where the topic does not exist. */
export async function readMarks(
  kafka: KafkaClient,
  clientId: string,
  deadLetterTopic: string
): Promise<Set<string>> {
  const marks = new Set<string>()
  const marked = markTopicOf(deadLetterTopic)
  const admin = kafka.admin(clientId)
  try {
    if ((await admin.describeTopics([marked.name])).size === 0) return marks
  } finally {
    await admin.close()
  }
  await readTopic(kafka, clientId, marked, (record) => {
    const mark = record.key()
    if (mark !== null) marks.add(mark)
  })
  return marks
}
