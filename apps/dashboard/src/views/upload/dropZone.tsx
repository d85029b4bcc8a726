/** Where a file is dropped or chosen; by keyboard too, since it is a file input. */
import { useState } from 'react';

export function DropZone({ file, onFile }: { file: File | undefined; onFile: (file: File) => void }) {
  const [over, setOver] = useState(false);
  return (
    <label
      className="card drop"
      data-over={over}
      data-filled={file !== undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const dropped = event.dataTransfer.files[0];
        if (dropped) onFile(dropped);
      }}
    >
      <input
        type="file"
        className="visually-hidden"
        onChange={(event) => {
          const chosen = event.target.files?.[0];
          if (chosen) onFile(chosen);
          // The same file, once corrected, can be chosen again.
          event.target.value = '';
        }}
      />
      <strong>{file ? file.name : 'Drop a file here, or choose one'}</strong>
      <span className="muted small">
        {file ? 'Choose or drop another to replace it.' : 'Columns unique_id, ds and y are known; any others can be mapped.'}
      </span>
    </label>
  );
}
