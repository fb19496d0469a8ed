/** A protocol that programs on the middle use to reach a target. */
export type SecondHopProtocol = 'smb' | 'rpc' | 'http' | 'winrm' | 'other';

export const SECOND_HOP_PROTOCOLS: readonly SecondHopProtocol[] = ['smb', 'rpc', 'http', 'winrm'];

/** What stock Windows does for a program in a remote session, beside what the KDC allows. */
export interface SecondHop {
  readonly protocol: SecondHopProtocol;
  /** `works`: the hop that the KDC allows is asked for; `fails`: nobody asks the KDC. */
  readonly stockWindows: 'works' | 'fails' | 'depends';
  /** Sentences; the first says what happens. */
  readonly sentence: string;
  /** Where this is known from. */
  readonly source: 'documented' | 'inferred';
}

/** The service class that a protocol asks for. */
export function serviceClassOf(protocol: SecondHopProtocol): string {
  return CLASSES[protocol];
}

const CLASSES: Readonly<Record<SecondHopProtocol, string>> = {
  smb: 'cifs',
  rpc: 'rpcss',
  http: 'http',
  winrm: 'http',
  other: 'host',
};

/** The protocol that a service name belongs to; HTTP is taken for the web, not for WinRM. */
export function protocolOf(spn: string): SecondHopProtocol {
  const name = spn.slice(0, Math.max(0, spn.indexOf('/'))).toLowerCase();
  return PROTOCOLS.get(name) ?? 'other';
}

const PROTOCOLS: ReadonlyMap<string, SecondHopProtocol> = new Map<string, SecondHopProtocol>([
  ['cifs', 'smb'],
  ['rpcss', 'rpc'],
  ['rpc', 'rpc'],
  ['dcom', 'rpc'],
  ['eventlog', 'rpc'],
  ['http', 'http'],
  ['www', 'http'],
  ['wsman', 'winrm'],
]);

/** What a session by PowerShell remoting on the middle can reach by this protocol. */
export function secondHop(protocol: SecondHopProtocol): SecondHop {
  return SECOND_HOPS[protocol];
}

const SECOND_HOPS: Readonly<Record<SecondHopProtocol, SecondHop>> = {
  smb: {
    protocol: 'smb',
    stockWindows: 'works',
    sentence:
      'SMB goes by the redirector, for which the LSA of the middle gets the ticket in the ' +
      "computer's name: a remote session uses this hop without asking for it.",
    source: 'documented',
  },
  rpc: {
    protocol: 'rpc',
    stockWindows: 'works',
    sentence:
      'RPC over named pipes goes by the redirector, as SMB does: commands with -ComputerName ' +
      '(Get-EventLog, Get-Process) use this hop from a remote session.',
    source: 'documented',
  },
  http: {
    protocol: 'http',
    stockWindows: 'depends',
    sentence:
      'HTTP is asked for by a program itself. A service that impersonates its caller (IIS) uses ' +
      'this hop; a program inside a remote session has neither a TGT nor a key and does not.',
    source: 'inferred',
  },
  winrm: {
    protocol: 'winrm',
    stockWindows: 'fails',
    sentence:
      'The WinRM client inside a remote session never asks the KDC for this hop, whatever it ' +
      'would allow: it has neither a TGT nor a key, and reports 0x8009030E. Pass a credential, ' +
      'use CredSSP, or run the step as a JEA configuration with an account of its own.',
    source: 'documented',
  },
  other: {
    protocol: 'other',
    stockWindows: 'depends',
    sentence:
      'A service that impersonates its caller uses this hop; a program inside a remote session ' +
      'does so only by way of the redirector (SMB and RPC over named pipes).',
    source: 'inferred',
  },
};
