/* global document */
// Runs before the first paint, so that a chosen theme never flashes.
const chosen = localStorage.getItem('almanac.theme');
if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
// The content security policy allows no code made from text, which zod would otherwise try when its schemas are made.
globalThis.__zod_globalConfig = { jitless: true };
