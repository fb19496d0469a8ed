import { Key } from '@doublehop/crypto/key';
import { pooledRandom } from '@doublehop/crypto/random';
import { Directory } from '@doublehop/directory/directory';
import { memoryStore } from '@doublehop/directory/store/memory';
import { createDomain } from '@doublehop/domain-controller/create-domain';
import { createDomainController, type DomainController } from '@doublehop/domain-controller/dc';
import { PasswordRefused } from '@doublehop/domain-controller/kpasswd/refused';
import { readWish } from '@doublehop/domain-controller/kpasswd/wish';
import { defaultSettings } from '@doublehop/kerberos/client/context';
import { KdcClock } from '@doublehop/kerberos/client/kdc-clock';
import { KerberosError } from '@doublehop/kerberos/errors';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { changePassword, getPasswordTicket } from '@doublehop/kerberos/kpasswd/change-password';
import {
  ChangePasswdData,
  decodeKpasswdMessage,
  encodeKpasswdMessage,
  KpasswdVersion,
} from '@doublehop/kerberos/kpasswd/messages';
import { hostAddress } from '@doublehop/kerberos/kpasswd/private-message';
import { decodeOutcome, encodeOutcome } from '@doublehop/kerberos/kpasswd/result';
import { EncKrbPrivPart, KrbPriv } from '@doublehop/kerberos/messages/krb-priv';
import { parsePrincipal } from '@doublehop/kerberos/names';
import { concat, equal, fromHex, utf8 } from '@doublehop/wire/bytes';
import { encodeDer } from '@doublehop/wire/der';
import { WireError } from '@doublehop/wire/errors';
import type { FuzzTarget } from '../targets.ts';

const NOW = Date.UTC(2026, 2, 2, 10);
const PEER = { address: '192.0.2.7', port: 50_000, transport: 'tcp' } as const;
const PASSWORD = 'Passw0rd.Administrator';
const random = pooledRandom();

/** Changes of passwords: the service, what stands inside of its sealed messages, and answers. */
export async function kpasswdTargets(): Promise<readonly FuzzTarget[]> {
  return [await serviceTarget(), wishTarget(), messageTarget(), outcomeTarget()];
}

/** Every request is answered or met with silence, and never trips the service. */
async function serviceTarget(): Promise<FuzzTarget> {
  const defects: unknown[] = [];
  const controller = await makeController(defects);
  const seeds = [
    await recordRequest(controller, undefined),
    await recordRequest(controller, 'DC$'),
  ];
  return {
    name: 'kpasswd',
    seeds,
    async run(input) {
      const reply = await controller.kpasswd.handle(input, PEER);
      const [defect] = defects.splice(0);
      if (defect !== undefined) throw new Error('a defect', { cause: defect });
      if (reply !== undefined) decodeKpasswdMessage(reply);
    },
    refuses: [],
  };
}

async function makeController(defects: unknown[]): Promise<DomainController> {
  const store = memoryStore();
  const clock = () => NOW;
  const names = { dnsName: 'contoso.com', netbiosName: 'CONTOSO', controllerName: 'DC' };
  const domain = { ...names, administratorPassword: PASSWORD };
  await createDomain(new Directory({ store, clock, random }), domain, random);
  return createDomainController({
    store,
    controllerName: 'DC',
    listen: { address: '192.0.2.1' },
    kdc: { maxPasswordAge: 0 },
    clock,
    random,
    onDefect: (error) => defects.push(error),
  });
}

/** A request that would be granted: the Administrator's own, or of a target. */
async function recordRequest(
  { kdc }: DomainController,
  target: string | undefined,
): Promise<Uint8Array> {
  const context = {
    transport: (_realm: string, request: Uint8Array) =>
      Promise.resolve(kdc.handle(request, PEER) ?? new Uint8Array()),
    clock: new KdcClock(() => NOW),
    random,
    settings: defaultSettings,
  };
  const name = (text: string) => parsePrincipal(text, 'CONTOSO.COM');
  const secret = { kind: 'password', password: PASSWORD } as const;
  const credentials = await getPasswordTicket(context, name('Administrator'), secret);
  let recorded: Uint8Array = new Uint8Array();
  const whose = target === undefined ? undefined : name(target);
  const change = { credentials, newPassword: 'N3w.password', target: whose };
  const record = (
    _realm: string,
    request: (sender: ReturnType<typeof hostAddress>) => Uint8Array,
  ) => {
    recorded = request(hostAddress(PEER.address));
    return Promise.resolve(new Uint8Array());
  };
  // No answer is an answer that cannot be read.
  await changePassword(context, record, change).catch((error: unknown) => {
    if (!(error instanceof KerberosError)) throw error;
  });
  return recorded;
}

/** What somebody who has a ticket can seal. */
function wishTarget(): FuzzTarget {
  const subkey = Key.of(18, new Uint8Array(32).fill(1));
  const newPasswd = utf8('N3w.password');
  const targName = { nameType: 1, nameString: ['bob'] };
  const data = encodeDer(ChangePasswdData, { newPasswd, targName, targRealm: 'CONTOSO.COM' });
  const part = { timestamp: NOW / 1000, usec: 0, seqNumber: 7, sAddress: hostAddress('192.0.2.7') };
  const authenticator = {
    authenticatorVno: 5,
    crealm: 'CONTOSO.COM',
    cname: { nameType: 1, nameString: ['alice'] },
    cusec: 0,
    ctime: NOW / 1000,
    seqNumber: 7,
  };
  return {
    name: 'kpasswd-wish',
    seeds: [newPasswd, data].map((userData) => encodeDer(EncKrbPrivPart, { ...part, userData })),
    run(input) {
      const cipher = subkey.encrypt(KeyUsage.KRB_PRIV_ENC_PART, input, random);
      const encPart = { etype: 18, cipher };
      const body = encodeDer(KrbPriv, { pvno: 5, msgType: 21, encPart });
      const time = { now: NOW / 1000, skew: 300 };
      for (const version of [KpasswdVersion.CHANGE, KpasswdVersion.SET]) {
        readWish(version, body, { authenticator, subkey }, time);
      }
    },
    refuses: [PasswordRefused, WireError],
  };
}

function messageTarget(): FuzzTarget {
  const parts = { version: 1, ap: Uint8Array.of(0x6e, 0), body: Uint8Array.of(0x75, 0) };
  return {
    name: 'kpasswd-message',
    seeds: [encodeKpasswdMessage(parts)],
    run(input) {
      if (!equal(encodeKpasswdMessage(decodeKpasswdMessage(input)), input)) {
        throw new Error('not stable');
      }
    },
    refuses: [KerberosError],
  };
}

function outcomeTarget(): FuzzTarget {
  // Thirty octets of Active Directory's policy: zeros, length, history, properties, two ages.
  const policy = '0000000000070000001800000001000021d20a7c8000000000c92a69c000';
  return {
    name: 'kpasswd-outcome',
    seeds: [
      encodeOutcome({ code: 4, text: 'too short' }),
      concat(Uint8Array.of(0, 4), fromHex(policy)),
    ],
    run: (input) => void decodeOutcome(input),
    refuses: [KerberosError],
  };
}
