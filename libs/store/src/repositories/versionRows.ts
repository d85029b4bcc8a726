/** Dataset versions with the file they rest on, read with one join. */
import type { Context } from '../postgres/context.js';
import type { DatasetVersionRecord } from '../records.js';

type Row = {
  [K in keyof DatasetVersionRecord]: DatasetVersionRecord[K] extends number | null ? string | number | null : DatasetVersionRecord[K];
};

/** @param rest joins, conditions and order; the version is `v`, its upload `u` */
export async function versionRows(context: Context, rest: string, values: unknown[]): Promise<DatasetVersionRecord[]> {
  const rows = await context.query<Row>(
    `SELECT v.dataset_id AS "datasetId", v.no, v.upload_id AS "uploadId", u.file_name AS "fileName", u.sha256, v.mode,
       v.rows_read AS "rowsRead", v.rows_rejected AS "rowsRejected", v.series_count AS "seriesCount",
       v.observation_count AS "observationCount", v.first_step AS "firstStep", v.last_step AS "lastStep", v.findings,
       v.committed_at AS "committedAt"
     FROM dataset_version v LEFT JOIN upload u ON u.id = v.upload_id ${rest}`,
    values,
  );
  return rows.map((row) => ({
    ...row,
    no: Number(row.no),
    rowsRead: Number(row.rowsRead),
    rowsRejected: Number(row.rowsRejected),
    seriesCount: Number(row.seriesCount),
    observationCount: Number(row.observationCount),
    firstStep: row.firstStep === null ? null : Number(row.firstStep),
    lastStep: row.lastStep === null ? null : Number(row.lastStep),
  }));
}
