/** What a model that is made of others chose: its members, how much each counts, and why. */
import type { ModelChoice } from '@almanac/contracts';
import { share } from '../../app/format';
import { type Column, DataTable } from '../../ui/dataTable';

type Member = ModelChoice['members'][number];

const columns: Column<Member>[] = [
  { id: 'member', title: 'Member', by: (one) => one.label, cell: (one) => <span style={{ whiteSpace: 'nowrap' }}>{one.label}</span> },
  { id: 'share', title: 'Counts', number: true, by: (one) => -one.share, cell: (one) => share(one.share) },
  { id: 'why', title: 'Why', cell: (one) => one.why },
];

export function Choice({ choice }: { choice: ModelChoice }) {
  return (
    <div className="stack">
      <h3>What it chose</h3>
      <p className="small">{choice.summary}</p>
      <DataTable label="Members" rows={choice.members} columns={columns} rowKey={(one) => one.label} />
    </div>
  );
}
