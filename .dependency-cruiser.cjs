// The cycle check: no file may reach itself through imports, types among them, in any project. And the layers within libs/flow
// (those between projects are lint's): what a request loads, and what a worker does, stay apart.
const STEPS = '(backtest|forecast|import|ingest|learn|monitor|notify|part|predict|pull|schedule|search|train)';
const SPEC = '\\.spec\\.ts$';

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'runs-and-query-import-no-step',
      comment: 'But for the table of kinds, which reads the plan of each.',
      severity: 'error',
      from: { path: '^libs/flow/src/(runs|query)/', pathNot: [SPEC, '^libs/flow/src/runs/kinds\\.ts$'] },
      to: { path: `^libs/flow/src/${STEPS}/` },
    },
    {
      name: 'the-table-of-kinds-imports-plans-only',
      severity: 'error',
      from: { path: '^libs/flow/src/runs/kinds\\.ts$' },
      to: { path: `^libs/flow/src/${STEPS}/`, pathNot: '/plan\\.ts$' },
    },
    {
      name: 'a-plan-imports-contracts-series-and-plans-only',
      severity: 'error',
      from: { path: `^libs/flow/src/${STEPS}/plan\\.ts$` },
      to: { path: '^libs/(store|platform|forecasting|flow)/', pathNot: ['/plan\\.ts$', '/train/(kinds|windows)\\.ts$'] },
    },
    {
      name: 'no-step-imports-anothers-execute',
      comment: 'Handlers bind them; a part is done by the step of the run that it is a part of.',
      severity: 'error',
      from: { path: '^libs/flow/src/([^/]+)/', pathNot: [SPEC, '^libs/flow/src/handlers/'] },
      to: { path: '^libs/flow/src/[^/]+/execute/', pathNot: '^libs/flow/src/($1|runs)/execute/' },
    },
    {
      name: 'requests-import-no-execute',
      severity: 'error',
      from: { path: '^libs/flow/src/', pathNot: [SPEC, '/execute/', '^libs/flow/src/handlers/'] },
      to: { path: '^libs/flow/src/[^/]+/execute/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|build|node_modules|assembly)(/|$)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
