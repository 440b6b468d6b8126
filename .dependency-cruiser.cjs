/*
 * The walls of the house (docs/architecture.md): who may import whom, types included. Rooms of one line may not import each other
 * unless said here.
 */
const rooms = {
  core: [],
  kafka: ['core'],
  state: ['core', 'kafka'],
  sinks: ['core', 'kafka'],
  processors: ['core', 'kafka', 'state'],
  topology: ['core', 'kafka', 'state', 'processors'],
  runtime: ['core', 'kafka', 'state', 'sinks', 'processors', 'topology'],
  http: ['core', 'kafka', 'state', 'sinks', 'processors', 'topology', 'runtime']
}
const all = Object.keys(rooms)

const walls = all.map((room) => ({
  name: `${room}-keeps-to-its-layer`,
  comment: `${room} may import ${rooms[room].join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: `^${room}/`, pathNot: '/retail/' },
  to: {
    pathNot: [
      `^${room}/(?!retail/)`,
      ...rooms[room].map((other) => `^${other}/(?!retail/)`),
      'node_modules/',
      '^node:',
      '^[a-z_/]+$'
    ]
  }
}))

module.exports = {
  forbidden: [
    ...walls,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'retail-uses-the-public-face',
      severity: 'error',
      from: { path: '^(processors|topology|sinks)/retail/' },
      to: { path: `^(${all.join('|')}|ingest|bin|deploy)/`, pathNot: '/retail/' }
    },
    {
      name: 'retail-processors-do-not-know-the-graph',
      severity: 'error',
      from: { path: '^processors/retail/' },
      to: { path: '^(topology|sinks)/retail/' }
    },
    {
      name: 'ingest-uses-the-public-face',
      severity: 'error',
      from: { path: '^ingest/' },
      to: { path: `^(${all.join('|')}|bin|deploy)/`, pathNot: '/retail/' }
    },
    {
      name: 'nothing-imports-the-command-line',
      severity: 'error',
      from: { pathNot: '^(bin|test)/' },
      to: { path: '^bin/' }
    },
    {
      name: 'nothing-shipped-imports-tests',
      severity: 'error',
      from: { pathNot: '^(test/|docs/.*\\.test\\.ts$)' },
      to: { path: '^test/' }
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '\\.ts$', pathNot: ['\\.d\\.ts$', 'vitest.config.ts', '-server\\.ts$'] },
      to: {}
    }
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(node_modules|dist|\\.local)' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node'] }
  }
}
