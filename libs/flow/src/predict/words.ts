/**
 * Covariates in the body of a request, as a file would have them: a number, true or false, or text, of which each value becomes a
 * covariate of its own (`offer = half price`), as in an upload. A covariate is text if the model has learned its values, or where most
 * of its values are neither numbers nor yes or no; a word among numbers is refused, with its place.
 *
 * Invariant: null is a hole, in words as in numbers; an empty text is none of the values.
 */
import { cellAsNumber, type PredictionRequest } from '@almanac/contracts';
import { AS_NUMBERS, isTruth } from '@almanac/contracts/csv';
import { AlmanacError } from '@almanac/series';
import { indicator, MOST_CATEGORIES, textsAmong } from '../runs/categories.js';
import { type InlineSeries, type NumericRequest, refuseLaid, type Values } from './inline.js';

type Given = PredictionRequest['series'][number];
type Cell = string | number | boolean | null;
type Column = Record<string, readonly Cell[]>;
/** What the model has learned; nothing without one. */
export type LearnedNames = readonly string[] | undefined;

const SHOWN = 10;
const columnsOf = ({ pastCovariates, futureCovariates }: Given): Column[] => [pastCovariates ?? {}, futureCovariates ?? {}];
const isWord = (cell: Cell): cell is string => typeof cell === 'string' && cell.trim() !== '' && typeof cellAsNumber(cell) === 'string';

/**
 * The request with numbers for its covariates, and what was left out.
 * @param learned names of the covariates that the model reads
 * @throws AlmanacError COVARIATE_NOT_NUMBER, PREDICTION_TOO_LARGE
 */
export function withNumbers(request: PredictionRequest, learned: LearnedNames): { request: NumericRequest; warnings: string[] } {
  const known = textsAmong(learned ?? []);
  const texts = new Map<string, readonly string[]>();
  const warnings: string[] = [];
  for (const name of new Set(request.series.flatMap((one) => columnsOf(one).flatMap(Object.keys)))) {
    const cells = request.series.flatMap((one) =>
      columnsOf(one).flatMap((columns) => (Object.hasOwn(columns, name) ? columns[name]! : [])),
    );
    if (!(name in known) && (learned?.includes(name) || !mostlyWords(cells))) continue;
    const own = new Set(cells.flatMap((cell) => (cell === null || String(cell).trim() === '' ? [] : [String(cell).trim()])));
    const values = [...new Set([...(known[name] ?? []), ...own])];
    const many = !(name in known) && values.length > MOST_CATEGORIES;
    if (many) warnings.push(`The covariate "${name}" is text of more than ${MOST_CATEGORIES} values: it was left out.`);
    texts.set(name, many ? [] : values);
  }
  const cells = (one: Given): number => columnsOf(one).reduce((sum, columns) => sum + cellsOf(columns, texts), 0);
  refuseLaid({ series: 0, observations: 0, laid: request.series.reduce((sum, one) => sum + cells(one), 0) });
  const faults: { series: string; covariate: string; position: number; text: string }[] = [];
  const series = request.series.map((one): InlineSeries => {
    const { pastCovariates: past, futureCovariates: future, ...rest } = one;
    const numbersOf = (columns: Column): Record<string, Values> =>
      Object.fromEntries(
        Object.entries(columns).flatMap(([name, cells]): [string, Values][] => {
          const values = texts.get(name);
          if (values) return values.map((value) => [indicator(name, value), cells.map((cell) => isValue(cell, value))]);
          const numbers = cells.map((cell, position) => {
            const number = cellAsNumber(cell);
            if (typeof number !== 'string') return number as number | null;
            if (number.trim() === '') return null;
            faults.push({ series: one.uniqueId, covariate: name, position, text: number.slice(0, 100) });
            return null;
          });
          return [[name, numbers]];
        }),
      );
    return {
      ...rest,
      ...(past ? { pastCovariates: numbersOf(past) } : {}),
      ...(future ? { futureCovariates: numbersOf(future) } : {}),
    };
  });
  const [first] = faults;
  if (!first) return { request: { ...request, series }, warnings };
  throw new AlmanacError(
    'COVARIATE_NOT_NUMBER',
    `The covariate "${first.covariate}" of the series "${first.series}" is "${first.text}" at position ${first.position}, where other values are numbers.`,
    {
      hint: isTruth(first.text) ? AS_NUMBERS : 'Give a number, or null where nothing is known.',
      subject: { count: faults.length, values: faults.slice(0, SHOWN) },
    },
  );
}

const cellsOf = (columns: Column, texts: ReadonlyMap<string, readonly string[]>): number =>
  Object.entries(columns).reduce((sum, [name, cells]) => sum + cells.length * (texts.get(name)?.length ?? 1), 0);

/** Also where all that is said is yes or no in words that are not read: a model would take them for two covariates. */
function mostlyWords(cells: readonly Cell[]): boolean {
  const given = cells.filter((cell) => cell !== null && cell !== '');
  const words = given.filter(isWord);
  return 2 * words.length > given.length && !words.every(isTruth);
}

const isValue = (cell: Cell, value: string): number | null => (cell === null ? null : Number(String(cell).trim() === value));
