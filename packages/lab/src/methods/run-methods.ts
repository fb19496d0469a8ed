import type { AuditEvent } from '@doublehop/domain-controller/kdc/audit';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import { CommandFailure, type PipelineCall } from '@doublehop/powershell/commands/command';
import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import { toText } from '@doublehop/powershell/objects/text';
import {
  customObject,
  PsObject,
  type PsValue,
  Scalar,
  SecureText,
} from '@doublehop/powershell/objects/value';
import { connect } from '@doublehop/remoting/client/connect';
import type { RemoteSession } from '@doublehop/remoting/client/remote-session';
import { credSspClientScheme } from '@doublehop/remoting/credssp/client';
import { type GssClientOptions, gssClientScheme } from '@doublehop/remoting/http/gss-scheme';
import type { ClientScheme } from '@doublehop/remoting/http/scheme';
import { lookupOf } from '../hosts/lookup.ts';
import { LogonId } from '../lsa/lsa.ts';
import { configurationsOf, type Method, METHODS } from './methods.ts';
import { passwordOf, serviceOf, Stage } from './stage.ts';

/** The three ways to ServerC. */
export type HopKind = 'smb' | 'computer-name' | 'winrm';
export const HOPS: readonly HopKind[] = ['smb', 'computer-name', 'winrm'];

/** What became of one hop. */
export interface HopOutcome {
  readonly kind: HopKind;
  readonly allowed: boolean;
  /** Whom ServerC saw, or why it saw nobody. */
  readonly saw: string;
  /** What the KDC's log says of it: `s4u2proxy STATUS_NOT_FOUND`, or why it was not asked. */
  readonly kdc: string;
}

/** What became of one method. */
export interface MethodOutcome {
  readonly id: string;
  readonly name: string;
  /** What the session on ServerB held: `evidence`, `password`, … */
  readonly held: string;
  /** Tickets and refusals that ServerB kept afterwards. */
  readonly kept: string;
  readonly hops: readonly HopOutcome[];
}

export interface MethodsOptions {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Only these methods, by id. */
  readonly only?: readonly string[];
  readonly onMethod?: (outcome: MethodOutcome) => void;
}

/** Plays every method on a stage of its own: configures it, makes the hops, undoes it. */
export async function runMethods(options: MethodsOptions): Promise<MethodOutcome[]> {
  const { clock, only, onMethod } = options;
  const stage = await Stage.set(clock, configurationsOf);
  const outcomes: MethodOutcome[] = [];
  try {
    for (const method of METHODS.filter(({ id }) => only?.includes(id) ?? true)) {
      const outcome = await play(stage, method);
      outcomes.push(outcome);
      onMethod?.(outcome);
    }
    return outcomes;
  } finally {
    await stage.close();
  }
}

async function play(stage: Stage, method: Method): Promise<MethodOutcome> {
  const b = stage.host('ServerB');
  await method.setUp(stage);
  try {
    const alice = await stage.person('alice');
    const session = await openFirst(stage, method, alice);
    try {
      const held = [...b.sessions].map(({ credentialKind }) => credentialKind).join(', ');
      const hops: HopOutcome[] = [];
      for (const kind of HOPS) hops.push(await hop(stage, session, method, kind));
      return { id: method.id, name: method.name, held, kept: await keptBy(stage), hops };
    } finally {
      await session.close();
    }
  } finally {
    await method.undo(stage);
    // What ServerB remembers of one method must not help or hinder the next.
    b.restart();
    stage.host('ServerC').restart();
  }
}

async function openFirst(
  stage: Stage,
  { firstHop, configuration }: Method,
  alice: KerberosClient,
): Promise<RemoteSession> {
  const { url, address } = stage.winRm('ServerB');
  return connect({
    computer: 'ServerB',
    url,
    scheme: schemeOf(stage, firstHop, alice),
    lookup: lookupOf(address),
    random: stage.random,
    ...(configuration !== undefined && { configuration }),
  });
}

function schemeOf(stage: Stage, firstHop: Method['firstHop'], alice: KerberosClient): ClientScheme {
  const gss: GssClientOptions = {
    getServiceTicket: (spn) => alice.getServiceTicket(serviceOf(spn)),
    clock: stage.clock,
    random: stage.random,
  };
  if (firstHop === 'credssp') {
    const password = SecureText.of(passwordOf('alice'));
    return credSspClientScheme({
      ...gss,
      credentials: { domain: 'CONTOSO', user: 'alice', password },
    });
  }
  const isDelegating = firstHop === 'kerberos-delegating';
  return gssClientScheme('Negotiate', {
    ...gss,
    ...(isDelegating && { getForwardedTicket: (ticket) => alice.delegate(ticket) }),
  });
}

async function hop(
  stage: Stage,
  session: RemoteSession,
  method: Method,
  kind: HopKind,
): Promise<HopOutcome> {
  const before = stage.events.length;
  const { output, errors } = await ask(session, callOf(method, kind));
  const allowed = kind === 'smb' ? output[0] === true : output.length > 0 && errors.length === 0;
  const asked = causeIn(stage.events.slice(before));
  const kdc = allowed || asked !== '' ? asked : whyNotAsked(stage, kind);
  return { kind, allowed, saw: allowed ? seen(kind, output) : reasonOf(errors), kdc };
}

function callOf({ freshCredential }: Method, kind: HopKind): PipelineCall {
  const call = (name: string, args: PipelineCall[number]['args']): PipelineCall => [
    { name, isScript: false, args },
  ];
  if (kind === 'smb') return call('Test-Path', [{ value: '\\\\ServerC\\C$' }]);
  if (kind === 'computer-name') {
    return call('Get-Process', [{ value: 'lsass' }, { name: 'ComputerName', value: 'ServerC' }]);
  }
  const Password = SecureText.of(passwordOf('alice'));
  const credential = customObject({ UserName: 'CONTOSO\\alice', Password });
  return call('Invoke-Command', [
    { name: 'ComputerName', value: 'ServerC' },
    { name: 'ScriptBlock', value: new Scalar('ScriptBlock', 'whoami') },
    ...(freshCredential === true ? [{ name: 'Credential', value: credential }] : []),
  ]);
}

async function ask(
  session: RemoteSession,
  call: PipelineCall,
): Promise<{ output: PsValue[]; errors: ErrorRecord[] }> {
  const output: PsValue[] = [];
  const errors: ErrorRecord[] = [];
  const ignore = (): void => {};
  try {
    await session.run(
      { kind: 'commands', statements: [call] },
      {
        signal: new AbortController().signal,
        streams: {
          output: (value) => void output.push(value),
          error: (record) => void errors.push(record),
          warning: ignore,
          verbose: ignore,
          debug: ignore,
          information: ignore,
          progress: ignore,
        },
      },
    );
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    errors.push(error.record);
  }
  return { output, errors };
}

function seen(kind: HopKind, output: readonly PsValue[]): string {
  const [first = null] = output;
  if (kind === 'smb') return 'C$ is there';
  if (kind === 'winrm') return toText(first);
  return first instanceof PsObject ? `process ${toText(first.get('ProcessName') ?? null)}` : '';
}

function reasonOf(errors: readonly ErrorRecord[]): string {
  const [first] = errors;
  if (first === undefined) return 'False, without a word';
  return first.inner?.[0] ?? first.message;
}

/** The last thing that the KDC refused on the way, or else what it gave out. */
function causeIn(events: readonly AuditEvent[]): string {
  const refused = events.findLast(({ NtStatus }) => NtStatus !== '-');
  if (refused !== undefined) return `${refused.Exchange} ${refused.NtStatus}`;
  const exchanges = events.map(({ Exchange }) => Exchange);
  return [...new Set(exchanges)].join(', ');
}

/** Why a hop was refused without a question to the KDC. */
function whyNotAsked(stage: Stage, kind: HopKind): string {
  const { s4u } = stage.host('ServerB').lsa.negative(LogonId.SYSTEM);
  if (kind === 'winrm') return 'not asked: the session has no TGT (0x8009030E)';
  return s4u.length > 0 ? 'not asked: repeated from the negative cache' : 'not asked';
}

/** What is in ServerB's caches when all is done. */
async function keptBy(stage: Stage): Promise<string> {
  const { lsa } = stage.host('ServerB');
  const refusals = lsa.negative(LogonId.SYSTEM);
  const counts = [
    [lsa.s4uTickets().length, 'S4U ticket'],
    [refusals.s4u.length, 'S4U refusal'],
    [refusals.spn.length, 'SPN refusal'],
  ] as const;
  const kept = counts.filter(([count]) => count > 0);
  if (kept.length === 0) return 'nothing';
  return kept.map(([count, what]) => `${count} ${what}${count > 1 ? 's' : ''}`).join(', ');
}
