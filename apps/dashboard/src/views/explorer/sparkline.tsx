/** The last steps of a series as a small line; gaps stay open. */
export function Sparkline({ values }: { values: readonly (number | null)[] }) {
  const present = values.filter((value) => value !== null);
  if (present.length < 2) return <span />;
  const low = Math.min(...present);
  const high = Math.max(...present);
  const y = (value: number): string => (high === low ? 12 : 24 - ((value - low) / (high - low)) * 22).toFixed(1);
  let path = '';
  let open = false;
  values.forEach((value, index) => {
    if (value !== null) path += `${open ? 'L' : 'M'}${((index / (values.length - 1)) * 84).toFixed(1)} ${y(value)}`;
    open = value !== null;
  });
  return (
    <svg className="sparkline" viewBox="0 0 84 26" aria-hidden="true">
      <path d={path} fill="none" stroke="var(--history)" strokeWidth="1.1" strokeLinejoin="round" opacity="0.85" />
    </svg>
  );
}
