/** Everything that is read. It loads neither the forecasting library nor the reading engine. */
export {
  getDataset,
  getObservations,
  listDatasets,
  listDatasetVersions,
  listSeries,
  listStaticCovariates,
  type ObservationsQuery,
} from './datasets.js';
export { auditCsv, auditLines, listAudit, verifyAudit } from './audit.js';
export { getContributions } from './contributions.js';
export { getDecomposition } from './decomposition.js';
export { filledGaps, listUnusual } from './gaps.js';
export { getChangepoints, listHolidays } from './marks.js';
export { columnsOf, getAttention, latestForecasts, latestForecastsCsv, listSeriesForecasts } from './forecasts.js';
export { getModelVersion, listAliasHistory, listModels, listModelVersions, listVersionSeries } from './models.js';
export { forecastScores, forecastSeriesScores, listAnomalies } from './scores.js';
export { getRun, getRunCurve, listBacktestSeries, listRuns, rejectsCsv } from './runs.js';
export { getOverview } from './overview.js';
export { overrideScores } from './overrideScores.js';
export { forecastPaths, forecastTotals } from './totals.js';
export { systemStatus } from './system.js';
