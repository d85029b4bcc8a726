/** Asks before something that cannot be taken back; Escape and “Keep” leave it as it is. Some ask for the name to be typed. */
import type { Scope } from '@almanac/contracts';
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { useMay } from '../app/session';

interface Props {
  title: string;
  children?: ReactNode;
  /** What the button says. */
  act: string;
  /** Has to be typed first. */
  typed?: string;
  onAct: () => void;
  onClose: () => void;
}

export function Confirm({ title, children, act, typed, onAct, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [text, setText] = useState('');
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby={id} closedby="any" onClose={onClose}>
      <form
        className="stack"
        method="dialog"
        onSubmit={() => {
          onAct();
        }}
      >
        <h2 id={id}>{title}</h2>
        {children && <div className="muted">{children}</div>}
        {typed !== undefined && (
          <label className="field">
            <span className="label">
              Type <code>{typed}</code> to go on
            </span>
            <input value={text} autoComplete="off" onChange={(event) => setText(event.target.value)} />
          </label>
        )}
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <button type="button" autoFocus={typed === undefined} onClick={() => dialog.current?.close()}>
            Keep
          </button>
          <button type="submit" className="danger" disabled={typed !== undefined && text !== typed}>
            {act}
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** A button that asks first; not there for whoever may not. @param needs what the role must include, `write` unless given */
export function Asking({
  label,
  compact = true,
  disabled,
  needs = 'write',
  ...question
}: Omit<Props, 'onClose'> & { label: string; compact?: boolean; disabled?: boolean; needs?: Scope }) {
  const [open, setOpen] = useState(false);
  if (!useMay(needs)) return null;
  return (
    <>
      <button type="button" className={compact ? 'compact danger' : 'danger'} disabled={disabled} onClick={() => setOpen(true)}>
        {label}
      </button>
      {open && <Confirm {...question} onClose={() => setOpen(false)} />}
    </>
  );
}
