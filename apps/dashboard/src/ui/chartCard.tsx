/** A card with a drawing or a table that can be taken away: the data as CSV, the drawing as PNG. */
import { type ReactNode, useRef } from 'react';
import { colour } from '../app/theme';
import { type Cell, saveCsv, savePng } from './download';

interface Props {
  title: string;
  about?: ReactNode;
  /** Of the files, without their ending. */
  name: string;
  /** Made when it is asked for; the first row names the columns. */
  csv?: () => readonly (readonly Cell[])[];
  /** Whether there is a drawing. */
  png?: boolean;
  children: ReactNode;
}

export function ChartCard({ title, about, name, csv, png = true, children }: Props) {
  const body = useRef<HTMLDivElement>(null);
  return (
    <section className="card">
      <div className="row spread card-head">
        <h2>{title}</h2>
        <div className="row take">
          {csv && (
            <button type="button" className="quiet compact" aria-label={`${title} as CSV`} onClick={() => saveCsv(csv(), `${name}.csv`)}>
              CSV
            </button>
          )}
          {png && (
            <button
              type="button"
              className="quiet compact"
              aria-label={`${title} as PNG`}
              onClick={() => body.current && void savePng(body.current, colour('--surface'), `${name}.png`)}
            >
              PNG
            </button>
          )}
        </div>
      </div>
      {about && <p className="small muted">{about}</p>}
      <div ref={body}>{children}</div>
    </section>
  );
}
