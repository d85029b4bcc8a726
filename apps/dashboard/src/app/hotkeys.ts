/** Single keys as short cuts, wherever no text is being typed. `g f` is `g`, then `f`. */
import { useEffect } from 'react';

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));

export function useHotkeys(keys: Record<string, (event: KeyboardEvent) => void>): void {
  useEffect(() => {
    let first = '';
    let at = 0;
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector('dialog[open]')) return;
      const pair = first && Date.now() - at < 1200 ? `${first} ${event.key}` : '';
      const action = keys[pair] ?? keys[event.key];
      first = event.key;
      at = Date.now();
      if (!action) return;
      event.preventDefault();
      action(event);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [keys]);
}
