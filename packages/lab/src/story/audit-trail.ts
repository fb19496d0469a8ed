import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Octets of the log's end that are looked at. */
const TAIL = 64 * 1024;
const TRIES = 40;
const PAUSE = 50;

/**
 * DelegationMode of the last S4U2Proxy that the KDC allowed, from its audit log: `kcd`, `rbcd`, or
 * `unknown` where the log tells of none. The log is written a moment after the reply is sent.
 */
export async function lastDelegationMode(path: string): Promise<string> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const mode = modeOf(await readTail(path));
    if (mode !== undefined) return mode;
    await sleep(PAUSE);
  }
  return 'unknown';
}

function modeOf(tail: string): string | undefined {
  const line = tail
    .split('\n')
    .findLast((text) => text.includes('"Exchange":"s4u2proxy"') && text.endsWith('}'));
  if (line === undefined) return undefined;
  const event: unknown = JSON.parse(line);
  const found = Object.entries(event ?? {}).find(([key]) => key === 'DelegationMode');
  return found?.[1] === '-' || typeof found?.[1] !== 'string' ? undefined : found[1];
}

async function readTail(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL), 0, TAIL, start);
    const text = buffer.subarray(0, bytesRead).toString('utf8');
    return start === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    await file.close();
  }
}
