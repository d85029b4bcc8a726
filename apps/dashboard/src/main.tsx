/** Starts the dashboard: asks who is signed in, and draws the routes. */
import { QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { RouterProvider } from 'react-router/dom';
import { queryClient } from './app/queryClient';
import { router } from './app/routes';
import { SessionProvider } from './app/session';
import './style/index.css';

// Earlier versions kept API keys here.
for (const name of ['almanac.key', 'almanac.keys']) localStorage.removeItem(name);

createRoot(document.getElementById('root') as HTMLElement).render(
  <QueryClientProvider client={queryClient}>
    <SessionProvider>
      <RouterProvider router={router} />
    </SessionProvider>
  </QueryClientProvider>,
);
