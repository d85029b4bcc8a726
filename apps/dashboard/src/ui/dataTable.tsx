/**
 * A table that can be sorted by its columns, by pointer or keyboard, on TanStack Table: it orders the rows, this draws them.
 * Columns and rows must be stable between renders (module constants, memos, answers of queries).
 */
import {
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  type SortingState,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { Fragment, type ReactNode, useMemo, useState } from 'react';

export interface Column<T> {
  id: string;
  /** Shown above the column; a title alone for screen readers is hidden. */
  title: string;
  hidden?: boolean;
  cell: (row: T) => ReactNode;
  /** What the column is sorted by; null and undefined come last either way. Without it the column cannot be sorted. */
  by?: (row: T) => string | number | null | undefined;
  number?: boolean;
  className?: string;
}

interface Props<T> {
  label: string;
  rows: readonly T[];
  columns: readonly Column<T>[];
  rowKey: (row: T) => string;
  /** Column and direction to begin with; otherwise the order of the rows. */
  first?: { id: string; descending?: boolean };
  /** A second row below one, over all columns. */
  below?: (row: T) => ReactNode;
  className?: string;
  maxHeight?: number;
}

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, basic: sortFn_basic },
});

export function DataTable<T extends object>({ label, rows, columns, rowKey, first, below, className = '', maxHeight }: Props<T>) {
  const [sorting, setSorting] = useState<SortingState>(first ? [{ id: first.id, desc: first.descending ?? false }] : []);
  const definitions = useMemo(() => {
    const helper = createColumnHelper<typeof features, T>();
    return columns.map((column) =>
      helper.accessor((row): unknown => column.by?.(row) ?? undefined, {
        id: column.id,
        enableSorting: column.by !== undefined,
        sortUndefined: 'last',
        sortDescFirst: false,
      }),
    );
  }, [columns]);
  const table = useTable(
    {
      features,
      columns: definitions,
      data: rows,
      getRowId: rowKey,
      state: { sorting },
      onSortingChange: setSorting,
      enableMultiSort: false,
    },
    (state) => ({ sorting: state.sorting }),
  );
  const heads = table.getHeaderGroups()[0]?.headers ?? [];
  return (
    <div
      className={`table-scroll ${className}`}
      tabIndex={0}
      role="region"
      aria-label={label}
      style={maxHeight === undefined ? undefined : { maxHeight, overflowY: 'auto' }}
    >
      <table>
        <thead>
          <tr>
            {columns.map((column, index) => {
              const head = heads[index]?.column;
              const sorted = head?.getIsSorted();
              return (
                <th
                  key={column.id}
                  scope="col"
                  className={column.number ? 'number' : undefined}
                  aria-sort={sorted === 'asc' ? 'ascending' : sorted === 'desc' ? 'descending' : undefined}
                >
                  {column.hidden ? (
                    <span className="visually-hidden">{column.title}</span>
                  ) : head?.getCanSort() ? (
                    <button type="button" onClick={head.getToggleSortingHandler()}>
                      {column.title}
                      <span className="arrow" aria-hidden="true">
                        {sorted === 'asc' ? '↑' : sorted === 'desc' ? '↓' : ''}
                      </span>
                    </button>
                  ) : (
                    column.title
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {table.getRowModel().rows.map(({ id, original }) => {
            const extra = below?.(original);
            return (
              <Fragment key={id}>
                <tr>
                  {columns.map((column) => (
                    <td key={column.id} className={[column.number ? 'number' : '', column.className ?? ''].join(' ').trim() || undefined}>
                      {column.cell(original)}
                    </td>
                  ))}
                </tr>
                {extra && (
                  <tr className="below">
                    <td colSpan={columns.length}>{extra}</td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
