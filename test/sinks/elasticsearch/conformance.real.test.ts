import { Client } from '@elastic/elasticsearch'
import { afterAll } from 'vitest'
import { describeSink } from '../conformance.ts'
import { server } from '../servers.ts'
import { ElasticsearchPlace, generationsIndex } from './place.ts'

afterAll(async () => {
  const client = new Client({ node: server('ELASTICSEARCH_URL') })
  await client.indices.delete({ index: generationsIndex })
  await client.close()
})

describeSink('Elasticsearch sink', () => ElasticsearchPlace.make())
