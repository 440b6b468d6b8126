import { type NumbersTaskSettings, numbersTask } from './numbers-task.ts'

/** A process that can be paused as a whole. Tells on a line of its own what ended its task. */
const task = numbersTask(JSON.parse(process.argv[2] ?? '') as NumbersTaskSettings)
void task.failed.then((error) => {
  process.stdout.write(`ended: ${'code' in error ? String(error.code) : error.message}\n`)
})
await task.start()
