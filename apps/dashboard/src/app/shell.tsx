/** The frame of every view: navigation, who is signed in where, theme, the runs under way, and short cuts. */
import type { Scope } from '@almanac/contracts';
import { lazy, Suspense, useMemo, useRef, useState } from 'react';
import { NavLink, Outlet, useLocation, useNavigate, useNavigation } from 'react-router';
import { Empty, Failure } from '../ui/parts';
import { useHotkeys } from './hotkeys';
import { LiveRuns } from './liveRuns';
import { useMay, useSession } from './session';
import { setTheme, type Theme, useTheme } from './theme';

/** Each view with its address, the key that goes there after `g`, and what a role must include to see it. */
const all: (View | null)[] = [
  { path: '/overview', name: 'Overview', key: 'h' },
  { path: '/series', name: 'Forecasts', key: 'f' },
  { path: '/upload', name: 'Upload', key: 'u', needs: 'write' },
  { path: '/datasets', name: 'Datasets', key: 'd' },
  { path: '/train', name: 'Train', key: 't', needs: 'write' },
  null,
  { path: '/models', name: 'Models', key: 'm' },
  { path: '/backtests', name: 'Backtests', key: 'b' },
  { path: '/schedules', name: 'Schedules', key: 's' },
  { path: '/monitoring', name: 'Monitoring', key: 'o' },
  null,
  { path: '/runs', name: 'Runs', key: 'r' },
  { path: '/people', name: 'People', key: 'p', needs: 'admin' },
  { path: '/settings', name: 'Settings', key: ',' },
];

/** Reached from another view. */
const unlisted: Pick<View, 'path' | 'needs'>[] = [
  { path: '/audit', needs: 'admin' },
  { path: '/what-if', needs: 'write' },
  { path: '/search', needs: 'write' },
];

interface View {
  path: string;
  name: string;
  key: string;
  needs?: Scope;
}

/** Whoever is signed in never loads it. */
const SignIn = lazy(() => import('../views/signIn').then((view) => ({ default: view.SignIn })));

export function Shell() {
  const { state, error, refresh } = useSession();
  if (state?.user) return <SignedIn key={state.user.id} />;
  if (state)
    return (
      <Suspense>
        <SignIn />
      </Suspense>
    );
  return error ? (
    <div className="page">
      <Failure error={error} retry={() => void refresh()} />
    </div>
  ) : null;
}

function SignedIn() {
  const [open, setOpen] = useState(false);
  const help = useRef<HTMLDialogElement>(null);
  const navigate = useNavigate();
  const location = useLocation();
  const loading = useNavigation().state === 'loading';
  const [writes, administers] = [useMay('write'), useMay('admin')];
  const { workspace } = useSession();
  const may = (view: Pick<View, 'needs'>): boolean => (view.needs === 'admin' ? administers : view.needs === 'write' ? writes : true);
  const views = all.filter((view) => view === null || may(view));
  const here = [...all, ...unlisted].find((view) => view !== null && location.pathname.startsWith(view.path));
  const hotkeys = useMemo(
    () => ({
      ...Object.fromEntries(all.filter((view) => view !== null).map((view) => [`g ${view.key}`, () => void navigate(view.path)])),
      '?': () => help.current?.showModal(),
    }),
    [navigate],
  );
  useHotkeys(hotkeys);

  return (
    <div className="shell">
      <a className="button skip" href="#view">
        To the view
      </a>
      <aside className={open ? 'side open' : 'side'}>
        <NavLink to="/overview" className="brand">
          <img src="/icon.svg" alt="" /> Almanac
        </NavLink>
        <button type="button" className="quiet menu-toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
          Menu
        </button>
        <nav aria-label="Views" onClick={() => setOpen(false)}>
          {views.map((view, index) =>
            view ? (
              <NavLink key={view.path} to={view.path}>
                {view.name}
              </NavLink>
            ) : (
              <div key={index} className="gap" />
            ),
          )}
        </nav>
        <div className="foot">
          <WorkspaceChoice />
          <Me />
          <ThemeChoice />
          <button type="button" className="quiet compact" onClick={() => help.current?.showModal()}>
            Short cuts <kbd>?</kbd>
          </button>
        </div>
      </aside>
      <div className="content" aria-busy={loading}>
        {/* What one workspace showed is gone with it. */}
        <main id="view" key={`${workspace}/${location.pathname.split('/')[1]}`} tabIndex={-1}>
          {workspace === undefined && !location.pathname.startsWith('/account') ? (
            <Empty title="You are not a member of any workspace">An admin of one can send you an invitation.</Empty>
          ) : here && !may(here) ? (
            <Closed needs={here.needs} />
          ) : (
            <Outlet />
          )}
        </main>
        {workspace !== undefined && <LiveRuns />}
      </div>
      <dialog ref={help} aria-labelledby="help-title" closedby="any">
        <div className="stack">
          <h2 id="help-title">Short cuts</h2>
          <dl className="keys">
            <dt>
              <kbd>/</kbd>
            </dt>
            <dd>search the series</dd>
            <dt>
              <kbd>j</kbd> <kbd>k</kbd>
            </dt>
            <dd>next, previous series</dd>
            <dt>
              <kbd>←</kbd> <kbd>→</kbd> <kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd>
            </dt>
            <dd>pan and zoom the chart in focus, show everything</dd>
            {views
              .filter((view) => view !== null)
              .map((view) => (
                <div key={view.key} style={{ display: 'contents' }}>
                  <dt>
                    <kbd>g</kbd> <kbd>{view.key}</kbd>
                  </dt>
                  <dd>{view.name}</dd>
                </div>
              ))}
          </dl>
          <form method="dialog">
            <button type="submit">Close</button>
          </form>
        </div>
      </dialog>
    </div>
  );
}

function Closed({ needs }: { needs: Scope | undefined }) {
  const { role, workspace } = useSession();
  return (
    <Empty title={`${role === 'viewer' ? 'A viewer' : 'An editor'} does not do this`}>
      {needs === 'admin' ? 'An admin' : 'An editor or an admin'} of the workspace “{workspace}” does, and an admin can change your role.
    </Empty>
  );
}

/** Shown to members of several; one is made in the settings, or joined by an invitation. */
function WorkspaceChoice() {
  const { state, workspace, switchTo } = useSession();
  const navigate = useNavigate();
  if (state === undefined || state.workspaces.length < 2) return null;
  return (
    <select
      aria-label="Workspace"
      value={workspace ?? ''}
      onChange={(event) => {
        switchTo(event.target.value);
        void navigate('/overview');
      }}
    >
      {state.workspaces.map((one) => (
        <option key={one.workspace}>{one.workspace}</option>
      ))}
    </select>
  );
}

function Me() {
  const { state, role } = useSession();
  return (
    <NavLink to="/account" className="me" title={state?.user?.email}>
      <span>{state?.user?.name}</span>
      {role && <span className="small muted">{role}</span>}
    </NavLink>
  );
}

function ThemeChoice() {
  const theme = useTheme();
  const choices: [Theme, string][] = [
    ['system', 'Auto'],
    ['light', 'Light'],
    ['dark', 'Dark'],
  ];
  return (
    <div className="segmented" role="group" aria-label="Theme">
      {choices.map(([choice, label]) => (
        <button key={choice} type="button" aria-pressed={theme === choice} onClick={() => setTheme(choice)}>
          {label}
        </button>
      ))}
    </div>
  );
}
