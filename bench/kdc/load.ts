// The load generator: one program for every KDC, in a process of its own. It is told over IPC what
// to build and when to send it (see messages.ts); requests are ready before the clock runs.
import { createSocket, type Socket } from 'node:dgram';
import { decodeDer } from '@doublehop/wire/der';
import { KrbError } from '@doublehop/kerberos/messages/krb-error';
import type { Answer, LoadResult, Order, Target } from './messages.ts';
import type { BenchRequest } from './requests.ts';
import { Workload } from './workload.ts';

/** Milliseconds after which a request counts as lost. */
const TIMEOUT = 5000;
/** One reply of so many is decrypted and checked after the run. */
const SAMPLE = 50;

interface Prepared {
  readonly target: Target;
  readonly requests: readonly BenchRequest[];
}

const workloads = new Map<string, Workload>();
let prepared: Prepared | undefined;

process.on('message', (order: Order) => {
  obey(order).then(answer, (error: unknown) => {
    answer({ kind: 'failed', reason: error instanceof Error ? (error.stack ?? '') : 'unknown' });
  });
});
process.on('disconnect', () => process.exit(0));

function answer(message: Answer): void {
  process.send?.(message);
}

async function obey(order: Order): Promise<Answer> {
  if (order.kind === 'prepare') {
    const { target } = order;
    const name = `${target.address}:${target.port}`;
    const workload = workloads.get(name) ?? new Workload(target, (one) => ask(target, one));
    workloads.set(name, workload);
    prepared = { target, requests: await workload.build(order.case, order.requests) };
    return { kind: 'prepared' };
  }
  if (prepared === undefined) throw new Error('nothing is prepared');
  const result = await run(prepared, order.window);
  prepared = undefined;
  return result;
}

/** Sends one request and waits for its reply: for tickets that others need. */
async function ask(target: Target, request: BenchRequest): Promise<Uint8Array> {
  const { replies } = await sendAll({ target, requests: [request] }, 1);
  const [reply] = replies;
  if (reply === undefined) throw new Error('the KDC does not answer');
  return reply;
}

interface Sent {
  /** By request; undefined where no answer came. */
  readonly replies: readonly (Uint8Array | undefined)[];
  /** By request. */
  readonly micros: Float64Array;
  readonly elapsedMicros: number;
}

/** Requests on their way and what came back. */
interface Sending {
  readonly messages: readonly Uint8Array[];
  readonly replies: (Uint8Array | undefined)[];
  readonly micros: Float64Array;
  next: number;
}

/**
 * Sends every request once, `window` of them outstanding at a time: each has a socket to itself
 * while it waits, so that a reply cannot be taken for another's.
 */
async function sendAll({ target, requests }: Prepared, window: number): Promise<Sent> {
  const sockets = await Promise.all(Array.from({ length: window }, () => connected(target)));
  const sending: Sending = {
    messages: requests.map(({ bytes }) => bytes),
    replies: Array.from({ length: requests.length }),
    micros: new Float64Array(requests.length),
    next: 0,
  };
  const start = performance.now();
  await Promise.all(sockets.map((socket) => sendSome(socket, sending)));
  return { ...sending, elapsedMicros: (performance.now() - start) * 1000 };
}

/** Sends the next request whenever there is an answer, until none is left. */
function sendSome(socket: Socket, sending: Sending): Promise<void> {
  const { messages, replies, micros } = sending;
  return new Promise((resolve) => {
    let current = -1;
    let sentAt = 0;
    const advance = (): void => {
      current = sending.next;
      const message = messages[current];
      if (message === undefined) {
        clearInterval(timer);
        socket.close(() => resolve());
        return;
      }
      sending.next += 1;
      sentAt = performance.now();
      socket.send(message);
    };
    // One timer a socket, looked at now and then: one a request would cost more than sending.
    const timer = setInterval(() => {
      if (performance.now() - sentAt > TIMEOUT) advance();
    }, TIMEOUT);
    socket.on('message', (reply) => {
      micros[current] = (performance.now() - sentAt) * 1000;
      replies[current] = reply;
      advance();
    });
    // Refused datagrams are lost ones.
    socket.on('error', () => undefined);
    advance();
  });
}

function connected({ address, port }: Target): Promise<Socket> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, address, () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

async function run(work: Prepared, window: number): Promise<LoadResult> {
  const before = process.cpuUsage();
  const { replies, micros, elapsedMicros } = await sendAll(work, window);
  const { user, system } = process.cpuUsage(before);
  const errors: Record<string, number> = {};
  let verified = 0;
  for (const [index, request] of work.requests.entries()) {
    const reply = replies[index];
    const fault = faultOf(reply);
    if (fault !== undefined) errors[fault] = (errors[fault] ?? 0) + 1;
    else if (reply !== undefined && index % SAMPLE === 0) {
      request.open(reply);
      verified += 1;
    }
  }
  const sorted = micros.toSorted();
  return {
    kind: 'result',
    requests: replies.length,
    elapsedMicros,
    p50Micros: sorted[Math.floor(sorted.length * 0.5)] ?? 0,
    p99Micros: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    generatorShare: (user + system) / elapsedMicros,
    errors,
    verified,
  };
}

/** Identifier octets of AS-REP, TGS-REP and KRB-ERROR (RFC 4120 §5.10). */
const AS_REP = 0x6b;
const TGS_REP = 0x6d;
const KRB_ERROR = 0x7e;

function faultOf(reply: Uint8Array | undefined): string | undefined {
  if (reply === undefined) return 'lost';
  const [tag] = reply;
  if (tag === AS_REP || tag === TGS_REP) return undefined;
  return tag === KRB_ERROR ? String(decodeDer(KrbError, reply).errorCode) : 'not-kerberos';
}
