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
  try {
    await bind(connection, order);
    const messages = await buildRequests(order, connection);
    connection.entries = 0;
    const started = once(process, 'message');
    answer({ kind: 'prepared' });
    await started;
    const start = performance.now();
    const codes = await run(order, messages, connection);
    const elapsedMicros = (performance.now() - start) * 1000;
    const failures = Object.fromEntries(Object.entries(codes).filter(([code]) => code !== '0'));
    answer({ kind: 'result', elapsedMicros, entries: connection.entries, failures });
  } finally {
    connection.close();
  }
}

async function run(
  { kind, base, requests, window }: Order,
  messages: readonly Uint8Array[],
  connection: Connection,
): Promise<Record<string, number>> {
  if (kind !== 'paged') return connection.sendAll(messages, window);
  for (let count = 0; count < requests; count += 1) await readAll(base, connection);
  return {};
}

async function bind(connection: Connection, { bindDn, password }: Order): Promise<void> {
  const authentication = { kind: 'simple', value: Buffer.from(password) } as const;
  const value = { version: 3, name: bindDn, authentication };
  const { code } = await connection.ask({ kind: 'bindRequest', value });
  if (code !== '0') throw new Error(`the server refuses the bind: ${code}`);
}
