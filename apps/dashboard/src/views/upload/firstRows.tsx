/** The first rows of the file under what each column is for; the suggestion can be changed where it stands. */
import { partsOf } from '@almanac/contracts';
import type { IngestOptionsInput } from '@almanac/contracts';
import { type Preview, truthNote } from './preview';
import { type Role, roleOf, roles, withRole } from './roles';
import { Options } from '../../ui/parts';

interface Props {
  head: Preview;
  options: IngestOptionsInput;
  onOptions: (options: IngestOptionsInput) => void;
}

export function FirstRows({ head, options, onOptions }: Props) {
  return (
    <>
      <section className="card flush">
        <div className="table-scroll" tabIndex={0} role="region" aria-label="First rows of the file">
          <table className="first-rows">
            <thead>
              <tr>
                {head.columns.map((column, index) => (
                  <th key={index} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
              <tr>
                {head.columns.map((column, index) =>
                  options.layout === 'wide' ? (
                    <td key={index} className="small muted">
                      {partsOf(options.timeColumn ?? 'ds').includes(column) || column === (options.timeColumn ?? 'ds')
                        ? 'time'
                        : 'a series'}
                    </td>
                  ) : (
                    <td key={index} data-role={roleOf(options, column)}>
                      <select
                        className="compact"
                        aria-label={`What ${column} is`}
                        value={roleOf(options, column)}
                        onChange={(event) => onOptions(withRole(options, column, event.target.value as Role))}
                      >
                        <Options of={roles} />
                      </select>
                    </td>
                  ),
                )}
              </tr>
            </thead>
            <tbody>
              {head.rows.map((row, index) => (
                <tr key={index}>
                  {row.map((cell, column) => (
                    <td key={column} className="mono">
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      {options.layout !== 'wide' &&
        head.columns
          .flatMap((column) => truthNote(head, column, roleOf(options, column)) ?? [])
          .map((note) => (
            <p key={note} className="note warn">
              {note}
            </p>
          ))}
    </>
  );
}
