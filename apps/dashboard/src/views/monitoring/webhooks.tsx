/** Webhooks: who is notified when something happens, what was delivered, and what can be sent again. */
import {
  type Webhook,
  type WebhookCreated,
  type WebhookDelivery,
  webhookEvent,
  type WebhookEvent,
  type WebhookRequestInput,
} from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useForm, useWatch } from 'react-hook-form';
import { useSearchParams } from 'react-router';
import { ago, time } from '../../app/format';
import { useAll, useCall } from '../../app/queries';
import { useClient } from '../../app/session';
import { ChartCard } from '../../ui/chartCard';
import { Asking } from '../../ui/confirm';
import { type Column, DataTable } from '../../ui/dataTable';
import type { Cell } from '../../ui/download';
import { Await, CutOff, Failure, Field } from '../../ui/parts';
import { Secret } from '../../ui/secret';
import { Only } from '../../ui/only';

const meanings: Record<WebhookEvent, string> = {
  'run.finished': 'a run succeeded',
  'run.failed': 'a run failed',
  'run.cancelled': 'a run was cancelled',
  'forecast.stored': 'a forecast is there',
  'alert.raised': 'monitoring found something',
  'alias.moved': 'another version became champion or challenger',
};

export function Webhooks() {
  const query = useAll('listWebhooks', {});
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<WebhookCreated>();
  return (
    <section className="card stack">
      <div className="row spread">
        <div>
          <h2>Webhooks</h2>
          <p className="small muted">Signed messages to an address of yours, sent again until they arrive.</p>
        </div>
        <Only>
          <button type="button" aria-expanded={making} onClick={() => setMaking(!making)}>
            New webhook
          </button>
        </Only>
      </div>
      {secret && <Secret title={`The secret that signs what ${secret.url} gets, shown only now`} secret={secret.secret} />}
      {making && (
        <NewWebhook
          onMade={(made) => {
            setSecret(made);
            setMaking(false);
          }}
        />
      )}
      <Await query={query} height={60}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted">No webhook yet. Make one to be notified of alerts, failed runs and new forecasts.</p>
          ) : (
            items.map((webhook) => <OneWebhook key={webhook.id} webhook={webhook} onSecret={setSecret} />)
          )
        }
      </Await>
    </section>
  );
}

function useRefresh() {
  const cache = useQueryClient();
  return () => Promise.all(['listWebhooks', 'listWebhookDeliveries'].map((key) => cache.invalidateQueries({ queryKey: [key] })));
}

function NewWebhook({ onMade }: { onMade: (made: WebhookCreated) => void }) {
  const client = useClient();
  const refresh = useRefresh();
  const { register, handleSubmit, control } = useForm<WebhookRequestInput>({
    defaultValues: { url: '', description: '', events: ['alert.raised', 'run.failed', 'alias.moved'] },
  });
  const events = useWatch({ control, name: 'events' });
  const make = useMutation({
    mutationFn: (body: WebhookRequestInput) => client.call('createWebhook', { body }),
    onSuccess: async (made) => {
      onMade(made);
      await refresh();
    },
  });
  return (
    <form className="stack" onSubmit={(event) => void handleSubmit((body) => make.mutate(body))(event)}>
      <div className="fields">
        <Field id="webhook-url" label="Address" help="An https address that answers 2xx.">
          <input id="webhook-url" required autoFocus placeholder="https://example.org/almanac" {...register('url')} />
        </Field>
        <Field id="webhook-description" label="What it is for">
          <input id="webhook-description" {...register('description')} />
        </Field>
      </div>
      <fieldset className="plain">
        <legend>Tell when</legend>
        <div className="row">
          {webhookEvent.options.map((event) => (
            <label key={event} className="check">
              <input type="checkbox" value={event} {...register('events')} />
              {meanings[event]}
            </label>
          ))}
        </div>
      </fieldset>
      {make.error ? <Failure error={make.error} /> : null}
      <div className="row">
        <button type="submit" className="primary" disabled={make.isPending || !events?.length}>
          Make the webhook
        </button>
      </div>
    </form>
  );
}

type Act = 'ping' | 'toggle' | 'secret' | 'delete';

function OneWebhook({ webhook, onSecret }: { webhook: Webhook; onSecret: (made: WebhookCreated) => void }) {
  const client = useClient();
  const refresh = useRefresh();
  const [address, setAddress] = useSearchParams();
  const open = address.get('webhook') === webhook.id;
  const params = { webhookId: webhook.id };
  const ifMatch = webhook.etag;
  const act = useMutation({
    mutationFn: async (what: Act) => {
      if (what === 'ping') await client.call('pingWebhook', { params });
      else if (what === 'toggle') await client.call('updateWebhook', { params, body: { enabled: !webhook.enabled }, ifMatch });
      else if (what === 'secret') onSecret(await client.call('rotateWebhookSecret', { params, body: {} }));
      else await client.call('deleteWebhook', { params, ifMatch });
    },
    onSuccess: refresh,
  });
  const button = (what: Act, label: string) => (
    <button type="button" className="compact" disabled={act.isPending} onClick={() => act.mutate(what)}>
      {label}
    </button>
  );
  return (
    <div className="stack entry" style={{ gap: 8 }}>
      <div className="row spread">
        <div style={{ minWidth: 0 }}>
          <h3 style={{ overflowWrap: 'anywhere' }}>
            {webhook.url} {!webhook.enabled && <span className="badge">paused</span>}
          </h3>
          <p className="small muted">
            {webhook.description && `${webhook.description} · `}
            {webhook.events.map((event) => meanings[event]).join(', ')}
          </p>
        </div>
        <div className="row">
          <Only>
            {button('ping', 'Send a test')}
            {button('toggle', webhook.enabled ? 'Pause' : 'Resume')}
          </Only>
          <Asking label="New secret" title="Make a new secret?" act="Make it" disabled={act.isPending} onAct={() => act.mutate('secret')}>
            The secret of now stops signing at once.
          </Asking>
          <Asking label="Delete" title="Delete this webhook?" act="Delete it" disabled={act.isPending} onAct={() => act.mutate('delete')}>
            {webhook.url} gets no more messages, and the list of its deliveries is deleted.
          </Asking>
        </div>
      </div>
      {act.error ? <Failure error={act.error} /> : null}
      <details
        open={open}
        onToggle={({ currentTarget }) => {
          if (currentTarget.open === open) return;
          setAddress(
            (before) => {
              if (currentTarget.open) before.set('webhook', webhook.id);
              else before.delete('webhook');
              return before;
            },
            { replace: true },
          );
        }}
      >
        <summary>Deliveries</summary>
        {open && <Deliveries webhook={webhook} />}
      </details>
    </div>
  );
}

const tones: Record<WebhookDelivery['status'], string> = { delivered: 'good', failed: 'bad', pending: 'live' };

const rows = (items: readonly WebhookDelivery[]): Cell[][] => [
  ['created_at', 'event', 'status', 'attempts', 'response_status', 'error', 'message_id', 'message'],
  ...items.map((one) => [
    one.createdAt,
    one.event,
    one.status,
    one.attempts,
    one.responseStatus,
    one.error,
    one.messageId,
    JSON.stringify(one.message),
  ]),
];

function Deliveries({ webhook }: { webhook: Webhook }) {
  const client = useClient();
  const refresh = useRefresh();
  const params = { webhookId: webhook.id };
  const query = useCall('listWebhookDeliveries', { params, query: { limit: 100 } }, { refetchInterval: 3000 });
  const replay = useMutation({
    mutationFn: (deliveryId: string) => client.call('replayWebhookDelivery', { params: { ...params, deliveryId } }),
    onSuccess: refresh,
  });
  const columns: Column<WebhookDelivery>[] = [
    {
      id: 'when',
      title: 'When',
      by: (one) => one.createdAt,
      cell: (one) => <span title={time(one.createdAt)}>{ago(one.createdAt)}</span>,
    },
    { id: 'event', title: 'Event', by: (one) => one.event, cell: (one) => one.event },
    {
      id: 'status',
      title: 'Status',
      by: (one) => one.status,
      cell: (one) => <span className={`badge ${tones[one.status]}`}>{one.status}</span>,
    },
    { id: 'attempts', title: 'Attempts', number: true, by: (one) => one.attempts, cell: (one) => `${one.attempts} of ${one.maxAttempts}` },
    {
      id: 'answer',
      title: 'What came back',
      className: 'small',
      cell: (one) =>
        [
          one.responseStatus,
          one.error,
          one.status === 'pending' && one.nextAttemptAt && one.attempts > 0 ? `next ${ago(one.nextAttemptAt)}` : null,
        ]
          .filter(Boolean)
          .join(' '),
    },
    {
      id: 'message',
      title: 'Message',
      cell: (one) => (
        <details>
          <summary className="small">Show</summary>
          <pre className="mono small" style={{ margin: 0, maxWidth: 420, overflowX: 'auto' }} tabIndex={0}>
            {JSON.stringify(one.message, null, 2)}
          </pre>
        </details>
      ),
    },
    {
      id: 'again',
      title: 'Send again',
      hidden: true,
      cell: (one) => (
        <Only>
          <button
            type="button"
            className="compact"
            disabled={replay.isPending || one.status === 'pending'}
            onClick={() => replay.mutate(one.id)}
          >
            Send again
          </button>
        </Only>
      ),
    },
  ];
  return (
    <Await query={query} height={60}>
      {(page) =>
        page.items.length === 0 ? (
          <p className="muted">Nothing has been sent yet.</p>
        ) : (
          <ChartCard title="Last deliveries" name="webhook-deliveries" png={false} csv={() => rows(page.items)}>
            {replay.error ? <Failure error={replay.error} /> : null}
            <DataTable label="Last deliveries" rows={page.items} columns={columns} rowKey={(delivery) => delivery.id} maxHeight={420} />
            <CutOff page={page} rest="The API lists all of them." />
          </ChartCard>
        )
      }
    </Await>
  );
}
