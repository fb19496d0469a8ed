import { SecureText } from '@doublehop/powershell/objects/value';
import {
  anyValue,
  decodeBer,
  encodeDer,
  field,
  type Infer,
  optionalField,
  sequence,
  sequenceOf,
} from '@doublehop/wire/der';
import { bitOctets, int32, octets, paddedInt32 } from '@doublehop/wire/der-primitives';
import { WireError } from '@doublehop/wire/errors';
import { RemotingError } from '../errors.ts';
import { MAX_NEGO_TOKENS, MAX_TS_REQUEST } from '../limits.ts';

const NegoData = sequenceOf(sequence({ negoToken: field(0, octets) }), MAX_NEGO_TOKENS);

const TsRequestType = sequence(
  {
    version: field(0, int32),
    negoTokens: optionalField(1, NegoData),
    authInfo: optionalField(2, octets),
    pubKeyAuth: optionalField(3, octets),
    // An NTSTATUS: some write it as a negative number, some as a positive one.
    errorCode: optionalField(4, paddedInt32),
    clientNonce: optionalField(5, octets),
  },
  { extensible: true },
);

/** TSRequest (MS-CSSP 2.2.1): what both sides say inside TLS. */
export type TsRequest = Infer<typeof TsRequestType>;

const TsCredentials = sequence({ credType: field(0, int32), credentials: field(1, octets) });

const TsPasswordCreds = sequence({
  domainName: field(0, octets),
  userName: field(1, octets),
  password: field(2, octets),
});

/** credType of TSPasswordCreds (MS-CSSP 2.2.1.2). */
const PASSWORD = 1;

/** What a client delegates: its user's password. */
export interface PasswordCredentials {
  readonly domain: string;
  readonly user: string;
  readonly password: SecureText;
}

/** Throws RemotingError `credssp`. */
export function decodeTsRequest(bytes: Uint8Array): TsRequest {
  if (bytes.length > MAX_TS_REQUEST) throw wrong('is too long');
  return decoding(() => decodeBer(TsRequestType, bytes));
}

export function encodeTsRequest(request: TsRequest): Uint8Array {
  return encodeDer(TsRequestType, request);
}

/** Reads TSCredentials with a password in it. Throws RemotingError `credssp`. */
export function decodeCredentials(bytes: Uint8Array): PasswordCredentials {
  return decoding(() => {
    const { credType, credentials } = decodeBer(TsCredentials, bytes);
    if (credType !== PASSWORD) throw wrong('delegates something else than a password');
    const { domainName, userName, password } = decodeBer(TsPasswordCreds, credentials);
    const utf16 = (text: Uint8Array): string => Buffer.from(text).toString('utf16le');
    const secret = new SecureText(password.slice());
    return { domain: utf16(domainName), user: utf16(userName), password: secret };
  });
}

export function encodeCredentials({ domain, user, password }: PasswordCredentials): Uint8Array {
  const utf16 = (text: string): Uint8Array => Buffer.from(text, 'utf16le');
  const credentials = encodeDer(TsPasswordCreds, {
    domainName: utf16(domain),
    userName: utf16(user),
    password: password.reveal(),
  });
  return encodeDer(TsCredentials, { credType: PASSWORD, credentials });
}

const SubjectPublicKeyInfo = sequence({ algorithm: anyValue, subjectPublicKey: bitOctets });

/** The contents of a key's subjectPublicKey: what CredSSP binds its exchange to. */
export function subjectPublicKey(spki: Uint8Array): Uint8Array {
  return decoding(() => decodeBer(SubjectPublicKeyInfo, spki).subjectPublicKey);
}

function decoding<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new RemotingError('credssp', `CredSSP: ${cause.message}`, { cause });
  }
}

function wrong(what: string): RemotingError {
  return new RemotingError('credssp', `the message of CredSSP ${what}`);
}
