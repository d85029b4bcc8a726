/** Light, dark, or as the system says; charts draw themselves anew when it changes. */
import { useSyncExternalStore } from 'react';

export type Theme = 'system' | 'light' | 'dark';
const STORAGE = 'almanac.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();
const tell = (): void => listeners.forEach((listener) => listener());
dark.addEventListener('change', tell);

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
const chosen = (): Theme => (document.documentElement.dataset['theme'] as Theme | undefined) ?? 'system';
const effective = (): 'light' | 'dark' => {
  const theme = chosen();
  return theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme;
};

export function setTheme(theme: Theme): void {
  if (theme === 'system') {
    delete document.documentElement.dataset['theme'];
    localStorage.removeItem(STORAGE);
  } else {
    document.documentElement.dataset['theme'] = theme;
    localStorage.setItem(STORAGE, theme);
  }
  tell();
}

export const useTheme = (): Theme => useSyncExternalStore(subscribe, chosen);
export const useEffectiveTheme = (): 'light' | 'dark' => useSyncExternalStore(subscribe, effective);

/** A colour of the style sheet as the browser resolves it now, for canvases. */
export function colour(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
