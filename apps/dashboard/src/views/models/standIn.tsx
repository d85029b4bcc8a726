/** Says that a baseline forecasts in the place of a model, since when, and what ends it. */
import type { Model } from '@almanac/contracts';
import { Link } from 'react-router';
import { time } from '../../app/format';

export function StandInNote({ model }: { model: Model | undefined }) {
  if (!model?.standsIn) return null;
  const { for: replaced, baseline, since } = model.standsIn;
  return (
    <div className="note warn" role="status">
      <strong>
        Version {model.champion} ({baseline}) stands in for version {replaced}
      </strong>
      <span>
        The data broke with what version {replaced} learned, from {time(since)} on. The first challenger that{' '}
        <Link to={`/models/${encodeURIComponent(model.name)}`}>passes the gate</Link> takes the place.
      </span>
    </div>
  );
}
