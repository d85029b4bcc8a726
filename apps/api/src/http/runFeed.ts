/**
 * Tells followers that a run changed: one subscription per workspace, whatever the number of followers. A follower also
 * wakes by itself now and then, so that a lost notification delays it and no more.
 */
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Store } from '@almanac/store';

@Injectable()
export class RunFeed implements OnApplicationShutdown {
  private readonly subscriptions = new Map<string, Promise<() => Promise<void>>>();
  private readonly waiting = new Map<string, Set<() => void>>();

  /** Resolves when the run changes, the time is over, or the signal aborts. */
  async changed(store: Store, runId: string, patienceMs: number, signal: AbortSignal): Promise<void> {
    this.subscribe(store);
    await new Promise<void>((resolve) => {
      const followers = this.waiting.get(runId) ?? new Set();
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        followers.delete(wake);
        if (followers.size === 0 && this.waiting.get(runId) === followers) this.waiting.delete(runId);
        resolve();
      };
      const timer = setTimeout(wake, patienceMs);
      this.waiting.set(runId, followers.add(wake));
      signal.addEventListener('abort', wake);
      if (signal.aborted) wake();
    });
  }

  private subscribe(store: Store): void {
    if (this.subscriptions.has(store.workspaceId)) return;
    const subscription = store.runs.onChange((runId) => [...(this.waiting.get(runId) ?? [])].forEach((wake) => wake()));
    this.subscriptions.set(store.workspaceId, subscription);
    // Without notifications followers poll; the next follower tries to subscribe again.
    subscription.catch(() => this.subscriptions.delete(store.workspaceId));
  }

  async onApplicationShutdown(): Promise<void> {
    for (const subscription of this.subscriptions.values()) await subscription.then((stop) => stop()).catch(() => undefined);
    this.subscriptions.clear();
  }
}
