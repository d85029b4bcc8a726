/* global document */
// Runs before the first paint, so that a chosen theme never flashes.
var chosen = localStorage.getItem('almanac.theme');
if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
