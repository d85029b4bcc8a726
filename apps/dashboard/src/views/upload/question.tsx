/** One question about a file: what is asked, why it matters, and the control that answers it. */
import type { ReactNode } from 'react';

export function Question({ title, help, children }: { title: string; help: string; children: ReactNode }) {
  return (
    <div className="question">
      <div>
        <strong>{title}</strong>
        <p className="small muted">{help}</p>
      </div>
      <div className="row">{children}</div>
    </div>
  );
}

export function Choose<V extends string>({
  label,
  value,
  of,
  onChange,
}: {
  label: string;
  value: V;
  of: Record<V, string>;
  onChange: (to: V) => void;
}) {
  return (
    <div className="segmented" role="group" aria-label={label}>
      {(Object.entries(of) as [V, string][]).map(([choice, text]) => (
        <button key={choice} type="button" aria-pressed={choice === value} onClick={() => onChange(choice)}>
          {text}
        </button>
      ))}
    </div>
  );
}
