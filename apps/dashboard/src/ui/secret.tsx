/** Something that is shown once, to be copied. */
import { useState } from 'react';

export function Secret({ title, secret }: { title: string; secret: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className="note" role="status">
      <strong>{title}</strong>
      <code style={{ overflowWrap: 'anywhere' }}>{secret}</code>
      <div className="actions">
        <button type="button" className="compact" onClick={() => void navigator.clipboard.writeText(secret).then(() => setCopied(true))}>
          {copied ? 'Copied' : 'Copy'}
        </button>
      </div>
    </div>
  );
}
