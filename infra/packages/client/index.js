/** The typed client of the API, and the schemas of what it sends and gets. */
export * from '@almanac/contracts';
