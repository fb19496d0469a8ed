import { Key } from '@doublehop/crypto/key';
import type { RandomSource } from '@doublehop/crypto/random';
import { decodeDer, encodeDer } from '@doublehop/wire/der';
import type { Credentials } from '../credentials.ts';
import { EncKrbCredPart, KrbCred, type KrbCredInfo } from '../messages/krb-cred.ts';
import { KeyUsage } from '../iana/key-usages.ts';
import { MessageType, PVNO } from '../iana/message-types.ts';
import { gssError, reading } from './gss-error.ts';

/** A KRB-CRED that hands over tickets, encrypted in `key` (RFC 4120 §3.6.1). */
export function encodeCredentials(
  list: readonly Credentials[],
  key: Key,
  random: RandomSource,
): Uint8Array {
  const part = encodeDer(EncKrbCredPart, { ticketInfo: list.map(ticketInfo) });
  return encodeDer(KrbCred, {
    pvno: PVNO,
    msgType: MessageType.KRB_CRED,
    tickets: list.map(({ ticket }) => ticket),
    encPart: {
      etype: key.etype,
      cipher: key.encrypt(KeyUsage.KRB_CRED_ENC_PART, part, random),
    },
  });
}

/**
 * The tickets of a KRB-CRED; the first of `keys` whose type fits and that opens it is taken
 * (RFC 4121 §4.1.1.1 wants the session key, older initiators use their subkey). The octets are
 * copies. Throws KerberosError `gss`.
 */
export function decodeCredentials(message: Uint8Array, keys: readonly Key[]): Credentials[] {
  return reading('the delegated ticket', () => {
    const { tickets, encPart } = decodeDer(KrbCred, message);
    const fitting = keys.filter(({ etype }) => etype === encPart.etype);
    const { ticketInfo: infos } = decodeDer(EncKrbCredPart, open(fitting, encPart.cipher));
    if (infos.length !== tickets.length || infos.length === 0) {
      throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the delegation names other tickets than it has');
    }
    return infos.map((info, i) => credentials(info, tickets[i] ?? new Uint8Array(0)));
  });
}

function open(keys: readonly Key[], cipher: Uint8Array): Uint8Array {
  const [key, ...others] = keys;
  if (key === undefined) {
    throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the delegation is encrypted in an unknown key');
  }
  try {
    return key.decrypt(KeyUsage.KRB_CRED_ENC_PART, cipher);
  } catch (error) {
    if (others.length === 0) throw error;
    return open(others, cipher);
  }
}

function ticketInfo(credential: Credentials): KrbCredInfo {
  const { client, server, key, times, flags, addresses } = credential;
  const { authtime, starttime, endtime, renewTill } = times;
  return {
    key: { keytype: key.etype, keyvalue: key.bytes },
    prealm: client.realm,
    pname: client.name,
    flags,
    authtime,
    ...(starttime === 0 ? {} : { starttime }),
    endtime,
    ...(renewTill === 0 ? {} : { renewTill }),
    srealm: server.realm,
    sname: server.name,
    ...(addresses.length === 0 ? {} : { caddr: addresses }),
  };
}

function credentials(info: KrbCredInfo, ticket: Uint8Array): Credentials {
  const { prealm, pname, srealm, sname, key } = info;
  if (prealm === undefined || pname === undefined || srealm === undefined || sname === undefined) {
    throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the delegation does not say whose ticket it is');
  }
  // Fails early for a key that could never be used.
  Key.of(key.keytype, key.keyvalue);
  const { authtime = 0, starttime = 0, endtime = 0, renewTill = 0 } = info;
  return {
    client: { name: pname, realm: prealm },
    server: { name: sname, realm: srealm },
    key: { etype: key.keytype, bytes: key.keyvalue.slice() },
    times: { authtime, starttime, endtime, renewTill },
    isSkey: false,
    flags: info.flags ?? 0,
    addresses: (info.caddr ?? []).map(({ addrType, address }) => ({
      addrType,
      address: address.slice(),
    })),
    authorizationData: [],
    ticket: ticket.slice(),
    secondTicket: new Uint8Array(0),
  };
}
