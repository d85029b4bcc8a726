/** Model versions as files: out of the registry, and into that of another house. */
export { exportVersion, importVersion, type ImportOptions, openArchive, type OpenedArchive } from './archive.js';
