/** A file to try the upload with: daily sales of invented shops. The same each time, and made here, so that nothing has to be fetched. */
const DAY_MS = 86_400_000;
const SHOPS = ['Harbour', 'Market', 'Mill', 'Park', 'Station', 'University'];

/** Shops are closed on Sundays; a promotion sells two fifths more. */
export function sampleFile(): File {
  const lines = ['shop,day,sold,promotion'];
  let seed = 12;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  SHOPS.forEach((shop, index) => {
    for (let at = Date.UTC(2024, 0, 1); at < Date.UTC(2026, 0, 1); at += DAY_MS) {
      const date = new Date(at);
      if (date.getUTCDay() === 0) continue;
      const promotion = Number(random() < 0.07);
      const year = Math.sin((2 * Math.PI * at) / (365.25 * DAY_MS));
      const noise = 1 + 0.12 * (random() + random() - 1);
      const sold = (60 + 35 * index) * (date.getUTCDay() === 6 ? 1.4 : 1) * (1 + 0.15 * year) * (1 + 0.4 * promotion) * noise;
      lines.push(`${shop},${date.toISOString().slice(0, 10)},${Math.round(sold)},${promotion}`);
    }
  });
  return new File([`${lines.join('\n')}\n`], 'sample-shops.csv', { type: 'text/csv' });
}
