/** A new source, and when it is read. What has no field here is an option of the command line and of the API. */
import type { SourceRequestInput } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { useForm, useWatch } from 'react-hook-form';
import { useClient } from '../../app/session';
import { Failure, Field, Options } from '../../ui/parts';
import { useSourcesChanged } from './sourcesChanged';

interface Wanted {
  name: string;
  dataset: string;
  kind: SourceRequestInput['from']['kind'];
  url: string;
  query: string;
  watermark: string;
  bucket: string;
  prefix: string;
  region: string;
  endpoint: string;
  accessKeyId: string;
  secret: string;
  idColumn: string;
  timeColumn: string;
  valueColumn: string;
  mode: 'append' | 'replace';
  cron: string;
}

const KINDS = { https: 'A file over HTTPS', postgres: 'A query of a Postgres database', s3: 'New objects of an S3 bucket' };
const SECRETS = { https: 'Authorization header', postgres: 'Password', s3: 'Secret key' };
const MODES = { append: 'are added or corrected', replace: 'are the whole dataset' };
const TIMES = {
  '': 'only when asked',
  '*/15 * * * *': 'every 15 minutes',
  '5 * * * *': 'every hour',
  '0 3 * * *': 'every night at 3',
};

function fromOf(given: Wanted): SourceRequestInput['from'] {
  const { kind, url, query, watermark, bucket, prefix, region, endpoint, accessKeyId } = given;
  if (kind === 'https') return { kind, url };
  if (kind === 'postgres') return { kind, url, query, ...(watermark ? { watermark } : {}) };
  return { kind, bucket, prefix, region, accessKeyId, ...(endpoint ? { endpoint } : {}) };
}

/** @param dataset that it is for; asked for unless given */
export function NewSource({ dataset, onDone }: { dataset?: string | undefined; onDone: () => void }) {
  const client = useClient();
  const changed = useSourcesChanged();
  const { register, handleSubmit, control } = useForm<Wanted>({
    defaultValues: {
      ...{
        name: '',
        dataset: dataset ?? '',
        kind: 'https',
        url: '',
        query: '',
        watermark: '',
        bucket: '',
        prefix: '',
        region: 'us-east-1',
      },
      ...{
        endpoint: '',
        accessKeyId: '',
        secret: '',
        idColumn: 'unique_id',
        timeColumn: 'ds',
        valueColumn: 'y',
        mode: 'append',
        cron: '5 * * * *',
      },
    },
  });
  const kind = useWatch({ control, name: 'kind' });
  const watermark = useWatch({ control, name: 'watermark' });
  const inParts = kind === 's3' || (kind === 'postgres' && watermark !== '');
  const make = useMutation({
    mutationFn: async (given: Wanted) => {
      const { name, secret, cron, idColumn, timeColumn, valueColumn } = given;
      const mode = inParts ? 'append' : given.mode;
      const options = { dataset: given.dataset, idColumn, timeColumn, valueColumn, mode };
      await client.call('createSource', { body: { name, from: fromOf(given), options, ...(secret ? { secret } : {}) } });
      if (cron === '') await client.call('pullSource', { params: { source: name }, body: {} });
      else {
        const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
        const body = { name, cron, timeZone, action: { kind: 'pull' as const, request: { source: name } } };
        // Without its schedule it is not what was asked for, and its name would be taken the next time.
        await client.call('createSchedule', { body }).catch(async (error: unknown) => {
          await client.call('deleteSource', { params: { source: name } });
          throw error;
        });
        await client.call('runSchedule', { params: { schedule: name } });
      }
    },
    onSuccess: onDone,
    onSettled: changed,
  });
  const text = (name: keyof Wanted, label: string, more: { required?: boolean; placeholder?: string; help?: string } = {}) => (
    <Field id={`source-${name}`} label={label} help={more.help}>
      <input
        id={`source-${name}`}
        autoComplete="off"
        required={more.required ?? false}
        placeholder={more.placeholder}
        {...register(name)}
      />
    </Field>
  );
  return (
    <form className="stack" onSubmit={(event) => void handleSubmit((given) => make.mutate(given))(event)}>
      <div className="fields">
        {text('name', 'Name', { required: true, placeholder: 'orders' })}
        {dataset === undefined && text('dataset', 'Dataset', { required: true, help: 'It is made if it is not there.' })}
        <Field id="source-kind" label="What is read">
          <select id="source-kind" {...register('kind')}>
            <Options of={KINDS} />
          </select>
        </Field>
        {kind === 'https' && text('url', 'Address', { required: true, placeholder: 'https://example.org/sales.csv' })}
        {kind === 'postgres' &&
          text('url', 'Address', {
            required: true,
            placeholder: 'postgres://reader@db.example.org/shop',
            help: 'Without the password. TLS is asked for unless it ends in ?sslmode=disable.',
          })}
        {kind === 'postgres' &&
          text('watermark', 'Watermark', {
            placeholder: 'changed_at',
            help: 'A column that grows with every row. Empty: everything is read each time.',
          })}
        {kind === 's3' && (
          <>
            {text('bucket', 'Bucket', { required: true })}
            {text('prefix', 'Prefix', { placeholder: 'sales/' })}
            {text('region', 'Region', { required: true })}
            {text('endpoint', 'Endpoint', { placeholder: 'https://…', help: "Of a server that is not Amazon's." })}
            {text('accessKeyId', 'Access key', { required: true })}
          </>
        )}
        <Field id="source-secret" label={SECRETS[kind]} help="Kept encrypted, never shown again.">
          <input id="source-secret" type="password" autoComplete="new-password" required={kind === 's3'} {...register('secret')} />
        </Field>
      </div>
      {kind === 'postgres' && (
        <Field id="source-query" label="Query" help="One SELECT. It runs in a transaction that can only read.">
          <textarea id="source-query" className="mono" rows={4} required spellCheck={false} {...register('query')} />
        </Field>
      )}
      <div className="fields">
        {text('idColumn', 'Column of the series', { help: 'Empty: one series.' })}
        {text('timeColumn', 'Column of the time', { required: true })}
        {text('valueColumn', 'Column of the value', { required: true })}
        {!inParts && (
          <Field id="source-mode" label="Rows that are read">
            <select id="source-mode" {...register('mode')}>
              <Options of={MODES} />
            </select>
          </Field>
        )}
        <Field id="source-cron" label="It is read" help="The page Schedules changes that.">
          <select id="source-cron" {...register('cron')}>
            <Options of={TIMES} />
          </select>
        </Field>
      </div>
      {make.error ? <Failure error={make.error} /> : null}
      <div className="row">
        <button type="submit" className="primary" disabled={make.isPending}>
          Make the source and read it
        </button>
        <button type="button" className="quiet" onClick={onDone}>
          Leave it
        </button>
      </div>
    </form>
  );
}
