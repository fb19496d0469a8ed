// The load generator: one program for every server, in a process of its own. It is told over IPC
// what to build; requests are ready before the clock runs, which the second message starts.
import { once } from 'node:events';
import type { Answer, Order } from './messages.ts';
import { buildRequests, readAll } from './requests.ts';
import { Connection } from './wire.ts';

process.on('disconnect', () => process.exit(0));
for (;;) {
  const [order]: unknown[] = await once(process, 'message');
  // The benchmark sends nothing else.
  await obey(order as Order).catch((error: unknown) =>
    answer({ kind: 'failed', reason: error instanceof Error ? (error.stack ?? '') : 'unknown' }),
  );
}

function answer(message: Answer): void {
  process.send?.(message);
}

async function obey(order: Order): Promise<void> {
  const connection = await Connection.open(order.address, order.port);
  const others: Connection[] = [];
  try {
    await bind(connection, order);
    const messages = await buildRequests(order, connection);
    connection.entries = 0;
    for (let one = 1; one < order.connections; one += 1) {
      const other = await Connection.open(order.address, order.port);
      others.push(other);
      await bind(other, order);
    }
    const started = once(process, 'message');
    answer({ kind: 'prepared' });
    await started;
    const start = performance.now();
    const codes = await run(order, messages, [connection, ...others]);
    const elapsedMicros = (performance.now() - start) * 1000;
    const failures = Object.fromEntries(Object.entries(codes).filter(([code]) => code !== '0'));
    answer({ kind: 'result', elapsedMicros, entries: connection.entries, failures });
  } finally {
    for (const each of [connection, ...others]) each.close();
  }
}

async function run(
  { kind, base, requests, window }: Order,
  messages: readonly Uint8Array[],
  connections: readonly Connection[],
): Promise<Record<string, number>> {
  const [first] = connections;
  if (kind === 'paged' && first !== undefined) {
    for (let count = 0; count < requests; count += 1) await readAll(base, first);
    return {};
  }
  const share = Math.ceil(messages.length / connections.length);
  const parts = connections.map((each, index) =>
    each.sendAll(messages.slice(index * share, (index + 1) * share), window),
  );
  const all: Record<string, number> = {};
  for (const codes of await Promise.all(parts)) {
    for (const [code, count] of Object.entries(codes)) all[code] = (all[code] ?? 0) + count;
  }
  return all;
}

async function bind(connection: Connection, { bindDn, password }: Order): Promise<void> {
  const authentication = { kind: 'simple', value: Buffer.from(password) } as const;
  const value = { version: 3, name: bindDn, authentication };
  const { code } = await connection.ask({ kind: 'bindRequest', value });
  if (code !== '0') throw new Error(`the server refuses the bind: ${code}`);
}
