/** Steps that a run left out because events cover them in part. */
import type { StepsLeftOut } from '@almanac/contracts';
import { count } from '../../app/format';

export function PartialSteps({ steps }: { steps: StepsLeftOut }) {
  if (steps.count === 0) return null;
  return (
    <details>
      <summary>{count(steps.count)} steps were left out, which events cover in part</summary>
      <ul>
        {steps.items.map(({ uniqueId, ds }) => (
          <li key={`${uniqueId} ${ds}`}>
            {uniqueId}: {String(ds).slice(0, 16)}
          </li>
        ))}
      </ul>
    </details>
  );
}
