import { Key } from '@doublehop/crypto/key';
import { ticketArmor } from '@doublehop/kerberos/client/armor';
import { buildAsReq, startAs } from '@doublehop/kerberos/client/as-exchange';
import { encryptedChallenge } from '@doublehop/kerberos/client/challenge';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { MessageType, PVNO } from '@doublehop/kerberos/iana/message-types';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { KrbFastReq, PaFxFastRequest } from '@doublehop/kerberos/messages/fast';
import { AsReq, KdcReqBody } from '@doublehop/kerberos/messages/kdc';
import { encodeDer, span } from '@doublehop/wire/der';
import { PEER, type Realm } from '../../../packages/domain-controller/test/support/realm.ts';
import type { FuzzTarget } from '../targets.ts';
import { recordStory } from './story.ts';

/** The KDC: every request is answered or met with silence, and never trips it. */
export async function kdcTargets(): Promise<readonly FuzzTarget[]> {
  const { realm, requests, tgt } = await recordStory();
  const handle = (transport: 'tcp' | 'udp') => (input: Uint8Array) => {
    const reply = realm.kdc.handle(input, { ...PEER, transport });
    const [defect] = realm.defects.splice(0);
    realm.events.length = 0;
    if (defect !== undefined) throw new Error('a defect', { cause: defect });
    if (reply !== undefined && ![0x6b, 0x6d, 0x7e].includes(reply[0] ?? 0)) {
      throw new Error('the reply is no Kerberos message');
    }
  };
  const tcp = handle('tcp');
  return [
    {
      name: 'kdc-in-armor',
      seeds: fastRequests(realm),
      run: (input) => tcp(inArmor(realm, tgt, input)),
      refuses: [],
    },
    { name: 'kdc-tcp', seeds: requests, run: tcp, refuses: [] },
    { name: 'kdc-udp', seeds: requests, run: handle('udp'), refuses: [] },
  ];
}

/** What stands in armor: a question, and an answer with a challenge. */
function fastRequests(realm: Realm): Uint8Array[] {
  const { client } = realm;
  const secret = { kind: 'password', password: 'x' } as const;
  const state = startAs(client, { client: realm.name('alice'), secret });
  const { body } = buildAsReq(client, {}, state, undefined);
  const reqBody = span(KdcReqBody, body);
  const challenge = encryptedChallenge(client, Key.random(18, realm.random), KEY);
  return [[], [challenge]].map((padata) =>
    encodeDer(KrbFastReq, { fastOptions: 0, padata, reqBody }),
  );
}

/** An AS-REQ whose armor is in order, whatever it holds. */
function inArmor({ client, random }: Realm, tgt: Credentials, plain: Uint8Array): Uint8Array {
  const { key, shown: armor } = ticketArmor(client, tgt);
  const reqBody = span(KdcReqBody, EMPTY_BODY);
  const checksum = key.checksum(KeyUsage.FAST_REQ_CHKSUM, reqBody.raw);
  const padataValue = encodeDer(PaFxFastRequest, {
    armor,
    reqChecksum: { cksumtype: key.checksumType, checksum },
    encFastReq: { etype: key.etype, cipher: key.encrypt(KeyUsage.FAST_ENC, plain, random) },
  });
  const padata = [{ padataType: PaType.FX_FAST, padataValue }];
  return encodeDer(AsReq, { pvno: PVNO, msgType: MessageType.AS_REQ, padata, reqBody });
}

const KEY = Key.of(18, new Uint8Array(32));

const EMPTY_BODY = { kdcOptions: 0, realm: 'CONTOSO.COM', till: 0, nonce: 0, etype: [18] };
