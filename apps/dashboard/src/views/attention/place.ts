/** Where the reader points: a step of the horizon, and a column of the look-back where a map is pointed at. */
export interface Place {
  row: number;
  column: number | null;
}
