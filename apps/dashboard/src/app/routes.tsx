/** Every view has its address; all but the first are loaded when they are first opened. */
import { createBrowserRouter, Navigate, useRouteError } from 'react-router';
import { Empty, Failure } from '../ui/parts';
import { Shell } from './shell';

function RouteFailure() {
  return (
    <div className="page">
      <Failure error={useRouteError()} retry={() => location.reload()} />
    </div>
  );
}

export const router = createBrowserRouter([
  // Before anybody is signed in.
  { path: '/invitation', lazy: () => import('../views/invitation'), errorElement: <RouteFailure />, HydrateFallback: () => null },
  {
    path: '/',
    Component: Shell,
    errorElement: <RouteFailure />,
    HydrateFallback: () => null,
    children: [
      {
        errorElement: <RouteFailure />,
        children: [
          { index: true, element: <Navigate to="/overview" replace /> },
          { path: 'overview', lazy: () => import('../views/overview') },
          { path: 'series/:dataset?/:uniqueId?', lazy: () => import('../views/explorer') },
          { path: 'answer', lazy: () => import('../views/answer') },
          { path: 'upload', lazy: () => import('../views/upload') },
          { path: 'datasets/:dataset?', lazy: () => import('../views/datasets') },
          { path: 'train', lazy: () => import('../views/train') },
          { path: 'search', lazy: () => import('../views/search') },
          { path: 'models/:model?', lazy: () => import('../views/models') },
          { path: 'backtests', lazy: () => import('../views/backtests') },
          { path: 'monitoring', lazy: () => import('../views/monitoring') },
          { path: 'schedules', lazy: () => import('../views/schedules') },
          { path: 'runs', lazy: () => import('../views/runs') },
          { path: 'runs/:runId', lazy: () => import('../views/run') },
          { path: 'attention/:runId/:uniqueId', lazy: () => import('../views/attention') },
          { path: 'what-if/:model/:uniqueId', lazy: () => import('../views/whatIf') },
          { path: 'people', lazy: () => import('../views/people') },
          { path: 'account', lazy: () => import('../views/account') },
          { path: 'settings', lazy: () => import('../views/settings') },
          { path: 'audit', lazy: () => import('../views/audit') },
          { path: '*', element: <Empty title="There is no view at this address">The navigation lists every view.</Empty> },
        ],
      },
    ],
  },
]);
