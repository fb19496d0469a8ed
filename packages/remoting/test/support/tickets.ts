import { Key } from '@doublehop/crypto/key';
import { pooledRandom } from '@doublehop/crypto/random';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { memoryReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import type { AcceptorOptions } from '@doublehop/kerberos/gss/acceptor';
import { TicketFlag } from '@doublehop/kerberos/iana/flags';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import { principal } from '@doublehop/kerberos/names';
import { encodeDer } from '@doublehop/wire/der';

export const random = pooledRandom();
/** 2026-11-22 17:00:00 UTC, and a bit. */
export const clock = (): number => 1_795_366_800_250;
const SECONDS = Math.floor(clock() / 1000);

/** A service's key, and tickets for it as a KDC would issue them. */
export interface TestService {
  readonly acceptor: Omit<AcceptorOptions, 'channelBindings' | 'bindingPolicy'>;
  readonly ticket: (spn: string) => Promise<Credentials>;
}

export function testService(etype = 18): TestService {
  const key = Key.random(etype, random);
  return {
    acceptor: { keys: () => [key], replayCache: memoryReplayCache(), clock, random },
    ticket: async (spn) => issue(key, spn),
  };
}

function issue(key: Key, spn: string): Credentials {
  const client = principal('CONTOSO.COM', NameType.PRINCIPAL, 'alice');
  const [service = '', host = ''] = spn.split('/');
  const server = principal('CONTOSO.COM', NameType.SRV_INST, service, host);
  const sessionKey = Key.random(key.etype, random);
  const times = { authtime: SECONDS - 60, endtime: SECONDS + 36_000 };
  const flags = TicketFlag.FORWARDABLE | TicketFlag.PRE_AUTHENT;
  const part: EncTicketPart = {
    flags,
    key: { keytype: key.etype, keyvalue: sessionKey.bytes() },
    crealm: client.realm,
    cname: client.name,
    transited: { trType: 0, contents: new Uint8Array(0) },
    ...times,
  };
  const cipher = key.encrypt(KeyUsage.TICKET, encodeDer(EncTicketPart, part), random);
  return {
    client,
    server,
    key: { etype: key.etype, bytes: sessionKey.bytes() },
    times: { starttime: 0, renewTill: 0, ...times },
    isSkey: false,
    flags,
    addresses: [],
    authorizationData: [],
    ticket: encodeDer(Ticket, {
      tktVno: 5,
      realm: server.realm,
      sname: server.name,
      encPart: { etype: key.etype, kvno: 3, cipher },
    }),
    secondTicket: new Uint8Array(0),
  };
}
