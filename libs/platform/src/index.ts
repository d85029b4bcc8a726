/** Typed configuration, logging, the queue with its two drivers, object storage and the embedded Postgres. */
export { type Cipher, cipherOf, keyId, openCipher, presentKeys, secretKeyFile } from './cipher.js';
export { unwrapKeys, wrapKeys, type WrappedKeys } from './wrappedKeys.js';
export {
  compiledCodeOf,
  type Config,
  ENGINE_NAMES,
  environmentWith,
  loadConfig,
  mostConnections,
  requireDatabaseUrl,
  type RunLimits,
} from './config.js';
export { DEFAULT_INGEST_LIMITS, type IngestLimits } from './ingestLimits.js';
export { isLoopback } from './loopback.js';
export { type HttpConfig, isProxied, type OidcSettings, type PeopleConfig, refusePlainHttp, type TlsFiles } from './people.js';
export { Counter, createRegistry, Gauge, Histogram, type Registry, serveMetrics } from './metrics.js';
export { createLogger, type Logger, silentLogger } from './logging.js';
export { packed, type TarFile, unpacked } from './tar.js';
export { type ArchivedStream, checkArchive, readArchive, writeArchive } from './archive.js';
export { openQueue } from './queue/open.js';
export {
  type EnqueueOptions,
  type JobContext,
  type JobDefinition,
  type JobHandler,
  type JobState,
  JobStopped,
  type ParkedJob,
  type Queue,
} from './queue/queue.js';
export {
  addressOfRunning,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  hasCluster,
  startEmbeddedPostgres,
} from './postgres/embedded.js';
export { withLocalDatabase } from './postgres/local.js';
export { folderObjectStore } from './objects/folder.js';
export { openObjects } from './objects/open.js';
export { type ObjectStore, type StoredObject } from './objects/objectStore.js';
export { isAllowed, lookupWithin, type Reach, refuseLiteral } from './network.js';
export { DEFAULT_SOURCE_LIMITS, type SourceLimits } from './sources/limits.js';
export { readHttps } from './sources/https.js';
export { readQuery } from './sources/postgres.js';
export { listBucket, readObject } from './sources/s3.js';
