import { DEFAULT_KDC_SETTINGS } from '@doublehop/domain-controller/kdc/settings';
import { addGrant } from '@doublehop/delegation/grants';
import { getInitialTicket } from '@doublehop/kerberos/client/initial-ticket';
import { s4u2proxy } from '@doublehop/kerberos/client/s4u2proxy';
import { s4u2self } from '@doublehop/kerberos/client/s4u2self';
import { getServiceTicket, renewTicket } from '@doublehop/kerberos/client/service-ticket';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { account, krbtgt } from '../../../packages/domain-controller/test/support/accounts.ts';
import { Realm } from '../../../packages/domain-controller/test/support/realm.ts';

/** The story's exchanges, recorded: what a campaign starts from. */
export interface RecordedStory {
  readonly realm: Realm;
  readonly requests: readonly Uint8Array[];
  readonly replies: readonly Uint8Array[];
  /** DER of the tickets that were issued. */
  readonly tickets: readonly Uint8Array[];
  /** The TGT of a computer. */
  readonly tgt: Credentials;
}

const MIDDLE = account('computer', 'SERVERB$', 1104, { servicePrincipalNames: ['HTTP/serverb'] });
const TARGET = account('computer', 'SERVERC$', 1105, {
  servicePrincipalNames: ['HTTP/serverc'],
  allowedToActOnBehalf: encodeDescriptor(addGrant(undefined, MIDDLE.sid).descriptor),
});

/** Plays the story against a KDC in this process and records it. */
export async function recordStory(): Promise<RecordedStory> {
  const realm = new Realm([krbtgt(), account('user', 'alice', 1103), MIDDLE, TARGET], {
    requestChecksum: DEFAULT_KDC_SETTINGS.requestChecksum,
  });
  const requests: Uint8Array[] = [];
  const replies: Uint8Array[] = [];
  const transport = (_realm: string, request: Uint8Array) => {
    const reply = realm.send(request);
    requests.push(request);
    replies.push(reply);
    return Promise.resolve(reply);
  };
  const client = { ...realm.client, transport };
  const login = async (name: string) => {
    const secret = { kind: 'password', password: `Passw0rd.${name}` } as const;
    const request = { client: realm.name(name), secret, renewLifetime: 86_400 };
    return (await getInitialTicket(client, request)).credentials;
  };
  const alice = await login('alice');
  const evidence = await getServiceTicket(client, alice, realm.name('HTTP/serverb'));
  const tgt = await login('SERVERB$');
  const self = await s4u2self(client, { tgt, user: realm.name('alice'), compat: true });
  const target = realm.name('HTTP/serverc');
  const hop = await s4u2proxy(client, { tgt, evidence: evidence.credentials, target });
  const renewed = await renewTicket(client, alice);
  // The same in armor (RFC 6113 §5.4).
  const secret = { kind: 'password', password: 'Passw0rd.alice' } as const;
  await getInitialTicket(client, { client: realm.name('alice'), secret, armor: tgt });
  await s4u2proxy(client, { tgt, evidence: evidence.credentials, target, armor: 'own' });
  await getServiceTicket(client, alice, realm.name('HTTP/serverb'), { armor: tgt });
  const tickets = [alice, evidence.credentials, tgt, self, hop, renewed].map((one) => one.ticket);
  return { realm, requests, replies, tickets, tgt };
}
