import { Key } from '@doublehop/crypto/key';
import { pooledRandom } from '@doublehop/crypto/random';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { KerberosError } from '@doublehop/kerberos/errors';
import { type AcceptorOptions, krb5Acceptor } from '@doublehop/kerberos/gss/acceptor';
import { decodeGssChecksum, encodeGssChecksum } from '@doublehop/kerberos/gss/checksum';
import { decodeCredentials, encodeCredentials } from '@doublehop/kerberos/gss/delegation';
import { NO_BINDINGS } from '@doublehop/kerberos/gss/channel-bindings';
import { DEFAULT_FLAGS, GssFlag } from '@doublehop/kerberos/gss/flags';
import { frameKrb5, TokenId } from '@doublehop/kerberos/gss/framing';
import { krb5Initiator } from '@doublehop/kerberos/gss/initiator';
import {
  micToken,
  openToken,
  type Receiver,
  sealToken,
  type Sender,
  signToken,
  verifyMicToken,
} from '@doublehop/kerberos/gss/message-tokens';
import { memoryReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import { parseNegotiate } from '@doublehop/kerberos/http/negotiate-field';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { MessageType, PVNO } from '@doublehop/kerberos/iana/message-types';
import { ApReq, Authenticator } from '@doublehop/kerberos/messages/ap';
import { KrbCred } from '@doublehop/kerberos/messages/krb-cred';
import { EncTicketPart, Ticket } from '@doublehop/kerberos/messages/ticket';
import { parsePrincipal } from '@doublehop/kerberos/names';
import { spnegoAcceptor } from '@doublehop/kerberos/spnego/acceptor';
import { spnegoInitiator } from '@doublehop/kerberos/spnego/initiator';
import { fromUtf8, utf8 } from '@doublehop/wire/bytes';
import { decodeDer, encodeDer } from '@doublehop/wire/der';
import type { FuzzTarget } from '../targets.ts';

const NOW = 1_795_366_800;
const random = pooledRandom();
const clock = (): number => NOW * 1000;
const key = Key.of(18, new Uint8Array(32).fill(1));

/** An acceptor of contexts, and the readers of message tokens. */
export function gssTargets(): readonly FuzzTarget[] {
  const credentials = ticket();
  const start = () => krb5Initiator({ credentials, clock, random });
  const delegating = krb5Initiator({ credentials, clock, random, delegated: credentials });
  const first = [start(), delegating, spnegoInitiator(start)].map(
    (side) => side.step().token ?? utf8(''),
  );
  const keys: AcceptorOptions['keys'] = () => key;
  const sender: Sender = { role: 'initiator', key, acceptorSubkey: false, sequence: 1 };
  const receiver: Receiver = { peer: 'initiator', keyOf: (sub) => (sub ? undefined : key) };
  const message = utf8('message');
  const sealed = [0, 28].map((rotation) => sealToken(sender, message, random, rotation));
  const refuses = [KerberosError];
  return [
    {
      name: 'gss-acceptor',
      seeds: first,
      run(input) {
        const replayCache = memoryReplayCache();
        const options = { keys, replayCache, clock, random, bareRequests: true };
        spnegoAcceptor(() => krb5Acceptor(options)).step(input);
      },
      refuses,
    },
    {
      name: 'gss-wrap',
      seeds: [...sealed, signToken(sender, message)],
      run: (input) => void openToken(receiver, input),
      refuses,
    },
    {
      name: 'gss-mic',
      seeds: [micToken(sender, message)],
      run: (input) => void verifyMicToken(receiver, message, input),
      refuses,
    },
    {
      name: 'gss-checksum',
      seeds: checksums(credentials),
      run(input) {
        const { delegation } = decodeGssChecksum(input);
        if (delegation !== undefined) decodeCredentials(delegation, [key]);
      },
      refuses,
    },
    {
      name: 'gss-authenticator',
      seeds: checksums(credentials).map((checksum) => authenticator(credentials, checksum)),
      run(input) {
        const replayCache = memoryReplayCache();
        krb5Acceptor({ keys, replayCache, clock, random }).step(apReq(credentials, input));
      },
      refuses,
    },
    {
      name: 'gss-delegated-part',
      seeds: [delegatedPart(credentials)],
      run: (input) => void decodeCredentials(credentialMessage(credentials, input), [key]),
      refuses,
    },
    {
      name: 'http-negotiate',
      seeds: [utf8('Basic realm="a", Negotiate oQcwBaADCgEB')],
      run: (input) => void parseNegotiate(fromUtf8(input)),
      refuses,
    },
  ];
}

/** Checksums of authenticators, one with a forwarded ticket (RFC 4121 §4.1.1). */
function checksums(credentials: Credentials): readonly Uint8Array[] {
  const flags = DEFAULT_FLAGS | GssFlag.DELEG;
  const delegated = encodeCredentials([credentials], key, random);
  return [
    encodeGssChecksum({ bindings: NO_BINDINGS, flags, delegation: delegated }),
    encodeGssChecksum({ bindings: NO_BINDINGS, flags: DEFAULT_FLAGS }),
  ];
}

function authenticator({ client }: Credentials, checksum: Uint8Array): Uint8Array {
  return encodeDer(Authenticator, {
    authenticatorVno: PVNO,
    crealm: client.realm,
    cname: client.name,
    cksum: { cksumtype: 0x8003, checksum },
    cusec: 0,
    ctime: NOW,
    seqNumber: 7,
  });
}

/** A token of somebody who has the ticket and its key, whatever the authenticator holds. */
function apReq(credentials: Credentials, plain: Uint8Array): Uint8Array {
  const cipher = key.encrypt(KeyUsage.AP_REQ_AUTHENTICATOR, plain, random);
  const message = encodeDer(ApReq, {
    pvno: PVNO,
    msgType: MessageType.AP_REQ,
    apOptions: 0,
    ticket: credentials.ticket,
    authenticator: { etype: key.etype, cipher },
  });
  return frameKrb5(TokenId.AP_REQ, message);
}

/** What is sealed in a KRB-CRED: the session keys of its tickets. */
function delegatedPart(credentials: Credentials): Uint8Array {
  const { encPart } = decodeDer(KrbCred, encodeCredentials([credentials], key, random));
  return key.decrypt(KeyUsage.KRB_CRED_ENC_PART, encPart.cipher);
}

function credentialMessage({ ticket: given }: Credentials, plain: Uint8Array): Uint8Array {
  const cipher = key.encrypt(KeyUsage.KRB_CRED_ENC_PART, plain, random);
  return encodeDer(KrbCred, {
    pvno: PVNO,
    msgType: MessageType.KRB_CRED,
    tickets: [given],
    encPart: { etype: key.etype, cipher },
  });
}

/** Alice's ticket for a service whose key is also the session key. */
function ticket(): Credentials {
  const client = parsePrincipal('alice', 'CONTOSO.COM');
  const server = parsePrincipal('HTTP/serverb.contoso.com', 'CONTOSO.COM');
  const times = { authtime: NOW, endtime: NOW + 36_000 };
  const part = encodeDer(EncTicketPart, {
    flags: 0,
    key: { keytype: key.etype, keyvalue: key.bytes() },
    crealm: client.realm,
    cname: client.name,
    transited: { trType: 0, contents: new Uint8Array(0) },
    ...times,
  });
  const encPart = { etype: key.etype, kvno: 1, cipher: key.encrypt(2, part, random) };
  return {
    client,
    server,
    key: { etype: key.etype, bytes: key.bytes() },
    times: { starttime: 0, renewTill: 0, ...times },
    isSkey: false,
    flags: 0,
    addresses: [],
    authorizationData: [],
    ticket: encodeDer(Ticket, { tktVno: 5, realm: server.realm, sname: server.name, encPart }),
    secondTicket: new Uint8Array(0),
  };
}
