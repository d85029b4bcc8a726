/**
 * What a request says for all its models at once (`steps`, `contextLength`): somebody has to follow it, a model or a member of one.
 * A setting of its own that a model or a member has goes before it, where others follow.
 */
import { AlmanacError } from '@almanac/series';
import { type Config, type Member, refuseContrary, SHARED, type Shared, type Wishes } from './plan.js';
import { PLANS, plans } from './plans.js';

type Model = Pick<Member, 'kind' | 'config'>;

/** @throws INVALID_CONFIG where nobody would follow: the kinds have no such setting, or each sets it to something else itself */
export function checkShared(models: readonly Model[], wishes: Pick<Wishes, Shared>): void {
  for (const wish of SHARED) {
    const value = wishes[wish];
    if (value === undefined) continue;
    const takers = models.flatMap((model) => takersOf(model, wish));
    if (takers.some(({ own }) => own === undefined || own === value)) continue;
    const [taker] = takers;
    const kinds = [...new Set(models.map(({ kind }) => kind))];
    if (taker)
      throw new AlmanacError(
        'INVALID_CONFIG',
        `The request says ${wish} ${value}, and in config the ${taker.kind} model has ${taker.setting} ${JSON.stringify(taker.own)}.`,
        { hint: `Leave ${wish} or ${taker.setting} out.`, subject: { setting: wish, kind: taker.kind } },
      );
    const others = PLANS.filter(({ kind }) => takersOf({ kind, config: {} }, wish).length > 0).map(({ kind }) => kind);
    throw new AlmanacError('INVALID_CONFIG', `${wish} ${value} would have no effect: ${kinds.join(', ')} knows no such setting.`, {
      hint: `Leave ${wish} out, or choose a kind that follows it: ${others.join(', ')}.`,
      subject: { setting: wish, kind: kinds[0] },
    });
  }
}

/**
 * All that is drawn in a training comes from the seed of the request.
 * @throws INVALID_CONFIG where the settings of a model name another, or those of a member name any: it has one that follows from it
 */
export function checkSeed(models: readonly Model[], seed: number): void {
  for (const { kind, config } of models) {
    refuseContrary(kind, 'seed', config['seed'], seed);
    for (const member of plans.of(kind).members(config)) {
      if (member.config['seed'] === undefined) continue;
      throw new AlmanacError('INVALID_CONFIG', `A member of the kind ${member.kind} cannot have a seed of its own.`, {
        hint: 'Leave it out: the seeds of all members follow from that of the request.',
        subject: { setting: 'seed', kind: member.kind },
      });
    }
  }
}

interface Taker {
  kind: string;
  setting: string;
  /** What it says itself. */
  own: unknown;
}

/** The model, or those of its members, that have a setting for the wish. */
function takersOf({ kind, config }: Model, wish: Shared): Taker[] {
  const plan = plans.of(kind);
  const setting = plan.follows[wish];
  if (setting !== undefined) {
    const own = setting.split('.').reduce<unknown>((at, key) => (at as Config | undefined)?.[key], config);
    return [{ kind, setting, own }];
  }
  return plan.members(config).flatMap((member) => takersOf(member, wish));
}
