import type { Admin } from '../../kafka/port/admin.ts'

/** A process id, and a number for each thread of it but the first. */
const threadName = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(-\d+)?$/

/**
 * Ends the transactions that processes of the application have left open which are no members any more: whoever takes their tasks over would
 * wait until they time out. One that was only silent is fenced by it, and learns so.
 *
 * @param present instance ids of the members, which are their transactional ids, too; asked for only if there are open transactions, and after
 *   they were listed: who has opened one since is a member
 * @returns whose they were
 */
export async function endDepartedTransactions(
  admin: Admin,
  application: string,
  present: () => Promise<ReadonlySet<string>>
): Promise<string[]> {
  const prefix = `${application}-`
  const ended: string[] = []
  const open = await admin.openTransactions(prefix)
  const members = open.length === 0 ? new Set<string>() : await present()
  for (const { transactionalId } of open) {
    // another application's name may begin like this one's
    if (members.has(transactionalId) || !threadName.test(transactionalId.slice(prefix.length))) continue
    await admin.fenceTransactionalId(transactionalId)
    ended.push(transactionalId)
  }
  return ended
}
