/** Server settings: sized to the machine, for bulk loads and array reads, and never at the price of a committed row. */
import { totalmem } from 'node:os';

const MB = 1024 * 1024;

/** `-c name=value` pairs; `extra` wins. */
export function serverSettings(port: number, extra: Record<string, string> = {}): string[] {
  const memoryMb = Math.floor(totalmem() / MB);
  const sharedMb = Math.min(1024, Math.max(128, Math.floor(memoryMb / 8)));
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '100',
    shared_buffers: `${sharedMb}MB`,
    effective_cache_size: `${Math.max(256, Math.floor(memoryMb / 2))}MB`,
    work_mem: '32MB',
    maintenance_work_mem: '256MB',
    // There is no standby to feed: less log, and none for tables made in the same transaction.
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_wal_size: '4GB',
    checkpoint_timeout: '15min',
    synchronous_commit: 'on',
    random_page_cost: '1.1',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_min_messages: 'warning',
    ...extra,
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
