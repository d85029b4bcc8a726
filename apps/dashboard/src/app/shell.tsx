/** The frame of every view: navigation, theme, the runs under way, and short cuts. */
import { useEffect, useRef, useState } from 'react';
import { NavLink, Outlet, useLocation, useNavigate, useNavigation } from 'react-router';
import { SignIn } from '../views/signIn';
import { useHotkeys } from './hotkeys';
import { LiveRuns } from './liveRuns';
import { useCall } from './queries';
import { useSession } from './session';
import { setTheme, type Theme, useTheme } from './theme';

/** Each view with its address and the key that goes there after `g`. */
const views = [
  { path: '/series', name: 'Forecasts', key: 'f' },
  { path: '/upload', name: 'Upload', key: 'u' },
  { path: '/datasets', name: 'Datasets', key: 'd' },
  { path: '/train', name: 'Train', key: 't' },
  null,
  { path: '/models', name: 'Models', key: 'm' },
  { path: '/backtests', name: 'Backtests', key: 'b' },
  { path: '/schedules', name: 'Schedules', key: 's' },
  { path: '/monitoring', name: 'Monitoring', key: 'o' },
  null,
  { path: '/runs', name: 'Runs', key: 'r' },
  { path: '/settings', name: 'Settings', key: ',' },
] as const;

export function Shell() {
  const { client } = useSession();
  return client ? <SignedIn /> : <SignIn />;
}

function SignedIn() {
  const [open, setOpen] = useState(false);
  const help = useRef<HTMLDialogElement>(null);
  const navigate = useNavigate();
  const location = useLocation();
  const loading = useNavigation().state === 'loading';
  const [hotkeys] = useState(() => ({
    ...Object.fromEntries(views.filter((view) => view !== null).map((view) => [`g ${view.key}`, () => void navigate(view.path)])),
    '?': () => help.current?.showModal(),
  }));
  useHotkeys(hotkeys);

  return (
    <div className="shell">
      <a className="button skip" href="#view">
        To the view
      </a>
      <aside className={open ? 'side open' : 'side'}>
        <NavLink to="/series" className="brand">
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
          <ThemeChoice />
          <button type="button" className="quiet compact" onClick={() => help.current?.showModal()}>
            Short cuts <kbd>?</kbd>
          </button>
        </div>
      </aside>
      <div className="content" aria-busy={loading}>
        <main id="view" key={location.pathname.split('/')[1]} tabIndex={-1}>
          <Outlet />
        </main>
        <LiveRuns />
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

/** Shown where this browser has keys of several workspaces; another is added by signing in to it, or made in the settings. */
function WorkspaceChoice() {
  const { workspaces, remember, switchTo } = useSession();
  const navigate = useNavigate();
  const current = useCall('systemStatus', {}).data?.workspace;
  useEffect(() => {
    if (current !== undefined) remember(current);
  }, [current, remember]);
  if (workspaces.length < 2) return null;
  return (
    <select
      aria-label="Workspace"
      value={current ?? ''}
      onChange={(event) => {
        switchTo(event.target.value);
        void navigate('/series');
      }}
    >
      {workspaces.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
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
