import { StreamsError } from '../../index.ts'
import { command, jsonOption } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { graphOption, loadTopology } from '../load-export.ts'

export const describe = command({
  name: 'describe',
  summary: 'Shows a graph: its sub-topologies, steps, stores and topics.',
  options: {
    ...graphOption,
    format: {
      type: 'string',
      value: 'F',
      default: 'text',
      help: "text (Kafka Streams' form), json or mermaid"
    },
    ...jsonOption
  },
  examples: [
    ['describe', 'the retail graph'],
    ['describe --format mermaid > graph.mmd', 'a diagram for a page'],
    ["describe --json | jq '.subTopologies[].stores'", 'for programs']
  ],
  async run({ values, positionals }, terminal) {
    if (positionals.length > 0)
      throw new StreamsError('CONFIG_INVALID', `not understood: ${positionals.join(' ')}`)
    const description = (await loadTopology(values)).describe()
    const format = values.json ? 'json' : values.format
    if (format === 'text') terminal.print(String(description))
    else if (format === 'json') terminal.print(`${JSON.stringify(description, null, 2)}\n`)
    else if (format === 'mermaid') terminal.print(description.toMermaid())
    else throw new StreamsError('CONFIG_INVALID', `--format ${format}: text, json or mermaid`)
    return exitCodes.done.code
  }
})
