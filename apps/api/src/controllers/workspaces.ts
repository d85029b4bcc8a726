/** Workspaces, for the operator: an admin of the workspace that the program itself was started with. */
import { Controller, Inject } from '@nestjs/common';
import type { Erasure, Page, Workspace, WorkspaceCreated } from '@almanac/contracts';
import { eraseWorkspace } from '@almanac/flow/erase';
import type { FlowContext } from '@almanac/flow/runs';
import { AlmanacError } from '@almanac/series';
import type { WorkspaceRecord } from '@almanac/store';
import { By, type Caller, CONTEXT, Flow } from '../http/caller.js';
import { newKey } from '../http/newKey.js';
import { refuseOthers } from '../http/operator.js';
import { Input, type Parse, Route } from '../http/route.js';
import { Doorkeeper } from '../people/doorkeeper.js';

const toWorkspace = ({ name, createdAt }: WorkspaceRecord): Workspace => ({ name, createdAt: createdAt.toISOString() });

@Controller()
export class WorkspacesController {
  constructor(
    @Inject(CONTEXT) private readonly context: FlowContext,
    private readonly doorkeeper: Doorkeeper,
  ) {}

  @Route('listWorkspaces')
  async list(@Input() { query }: Parse<'listWorkspaces'>, @Flow() flow: FlowContext): Promise<Page<Workspace>> {
    const { items, next } = await this.ofOperator(flow).list(query);
    return { items: items.map(toWorkspace), next };
  }

  @Route('createWorkspace')
  async create(@Input() { body }: Parse<'createWorkspace'>, @By() { kind, id, flow }: Caller): Promise<WorkspaceCreated> {
    this.ofOperator(flow);
    const created = await flow.store.transaction(async (within) => {
      const made = await within.workspaces.create(body.name);
      // A person who makes one wants to open it.
      if (kind === 'user') await within.forWorkspace(made.id).members.put(id, 'admin');
      return { ...toWorkspace(made), adminKey: await newKey(within.forWorkspace(made.id), 'admin', ['admin']) };
    });
    if (kind === 'user') this.doorkeeper.forget(id);
    return created;
  }

  @Route('renameWorkspace')
  async rename(@Input() { params, body }: Parse<'renameWorkspace'>, @Flow() flow: FlowContext): Promise<Workspace> {
    const workspaces = this.ofOperator(flow);
    await this.refuseOwn(flow, params.workspace);
    const renamed = await workspaces.rename(params.workspace, body.name);
    await this.forgetAll(flow);
    return toWorkspace(renamed);
  }

  @Route('deleteWorkspace')
  async delete(@Input() { params }: Parse<'deleteWorkspace'>, @Flow() flow: FlowContext): Promise<Erasure> {
    this.ofOperator(flow);
    await this.refuseOwn(flow, params.workspace);
    const erasure = await eraseWorkspace(flow, params.workspace);
    await this.forgetAll(flow);
    return erasure;
  }

  /** Who is a member of what is remembered for some seconds. */
  private forgetAll({ store }: FlowContext): Promise<void> {
    return store.afterCommit(async () => this.doorkeeper.forgetAll());
  }

  /** @throws AlmanacError OPERATOR_ONLY */
  private ofOperator({ store }: FlowContext): FlowContext['store']['workspaces'] {
    refuseOthers(this.context, store);
    return store.workspaces;
  }

  /** Programs find their own workspace by its name. */
  private async refuseOwn({ store }: FlowContext, name: string): Promise<void> {
    const { name: own } = await store.workspaces.get();
    if (name !== own) return;
    throw new AlmanacError('WORKSPACE_IN_USE', `The workspace "${name}" is the operator's own; it can be neither renamed nor deleted.`, {
      hint: 'Delete its datasets, models and schedules instead.',
      subject: { workspace: name },
      status: 409,
    });
  }
}
