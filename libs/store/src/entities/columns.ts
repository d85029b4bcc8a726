/** Column options that several entities share. */
import type { ColumnOptions } from 'typeorm';

/** A bigint that fits a double: steps, counts, sizes. Never money, never ids of others. */
export const wholeNumber: ColumnOptions = {
  type: 'bigint',
  transformer: {
    to: (value: unknown) => value,
    from: (value: string | null) => (value === null ? null : Number(value)),
  },
};

/** Filled by the database's own default. */
export const madeAt = (name: string): ColumnOptions => ({ name, type: 'timestamptz', insert: false, update: false });
