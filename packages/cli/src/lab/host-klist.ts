import { labControl, labPurge } from '@doublehop/lab/control/client';
import { formatKlist, formatSessions } from '@doublehop/lab/lsa/klist';
import { LogonId } from '@doublehop/lab/lsa/lsa';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { count } from '../output/count.ts';
import { printJson } from '../output/json.ts';
import { labFolder, type LabOptions } from './folder.ts';

/** What Windows' klist is asked for on a host of the lab. */
export interface HostKlist extends LabOptions {
  /** `tickets`, `purge` or `sessions`. */
  readonly action: string;
  readonly host: string;
  readonly li?: string;
}

/** `klist`, `klist purge -li ID` and `klist sessions` as if typed on a host of the lab. */
export async function hostKlist(context: Context, request: HostKlist): Promise<void> {
  const dir = labFolder(context, request);
  const { host, action } = request;
  const li = request.li === undefined ? LogonId.SYSTEM : parseLuid(request.li);
  const json = request.json === true;
  if (action === 'purge') {
    const purged = await labPurge(dir, host, li);
    if (json) printJson(context, purged);
    else context.out(`${purgedText(purged)}\n`);
  } else if (action === 'sessions') {
    const answer = await labControl<'sessions'>(dir, { command: 'sessions', host });
    if (json) printJson(context, answer);
    else context.out(formatSessions(answer.host, answer.sessions));
  } else {
    const report = await labControl<'klist'>(dir, { command: 'klist', host, li });
    if (json) printJson(context, report);
    else context.out(formatKlist(report));
  }
}

/** What a purge removed, in a sentence. */
export function purgedText(purged: {
  readonly host: string;
  readonly tickets: number;
  readonly negative: number;
}): string {
  const { host, tickets, negative } = purged;
  const refusals = count(negative, 'remembered refusal');
  return `${host}: purged ${count(tickets, 'ticket')} and ${refusals}`;
}

/** A logon id as Windows' klist takes it: `0x3e7`, `3e7`, `0:0x3e7`. */
function parseLuid(text: string): number {
  const [, digits] = /^(?:0:)?(?:0x)?([0-9a-f]{1,8})$/i.exec(text) ?? [];
  if (digits !== undefined) return Number.parseInt(digits, 16);
  throw new UsageError(`-li: "${text}" is no logon session; the computer's own is 0x3e7`);
}
