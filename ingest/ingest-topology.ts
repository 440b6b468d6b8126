import { bytes, Topology, topic } from '../index.ts'
import type { IngestTopics } from './ingest-topics.ts'
import {
  filesSink,
  progressStore,
  ReadFiles,
  type ReadFilesOptions,
  rawCsvSink,
  referenceSink
} from './read-files.ts'

const source = 'file-events'
const reader = 'read-files'

/**
 * The ingest at a glance:
 *
 *   file events -> read files -> raw CSV, files, one topic per kind of reference file
 *                  (file-progress)
 */
export function ingestTopology(topics: IngestTopics, options: ReadFilesOptions): Topology {
  const graph = new Topology()
    .addSource(source, topics.fileEvents)
    .addProcessor(reader, () => new ReadFiles(options), source)
    .addStateStore(progressStore, reader)
    .addSink(filesSink, topics.files, reader)
    // chunks are UTF-8 already: their bytes are passed on
    .addSink(rawCsvSink, topic(topics.rawCsv.name, { ...topics.rawCsv, value: bytes() }), reader)
  for (const { file, topic: target } of options.shared.references)
    graph.addSink(referenceSink(file.object), target, reader)
  return graph
}
