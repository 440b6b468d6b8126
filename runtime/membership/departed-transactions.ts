import type { Admin } from '../../kafka/port/admin.ts'

/** A process id, and a number for each thread of it but the first. */
const threadName = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(-\d+)?$/

/**
 * Ends the transactions that processes of the application have left open which are no members any more: whoever takes their tasks over would
 * wait until they time out. One that was only silent is fenced by it, and learns so.
 *
 * @param present instance ids of the members, which are their transactional ids, too
 * @returns whose they were
 */
export async function endDepartedTransactions(
  admin: Admin,
  application: string,
  present: ReadonlySet<string>
): Promise<string[]> {
  const prefix = `${application}-`
  const ended: string[] = []
  for (const { transactionalId } of await admin.openTransactions(prefix)) {
    // another application's name may begin like this one's
    if (present.has(transactionalId) || !threadName.test(transactionalId.slice(prefix.length))) continue
    await admin.fenceTransactionalId(transactionalId)
    ended.push(transactionalId)
  }
  return ended
}
