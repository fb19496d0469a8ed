import type { RandomSource } from '@doublehop/crypto/random';
import type { Account } from '@doublehop/directory/account';
import type { BindingPolicy } from '@doublehop/kerberos/gss/acceptor';
import {
  bindingsHash,
  type ChannelBindings,
  NO_BINDINGS,
} from '@doublehop/kerberos/gss/channel-bindings';
import { gssError, reading } from '@doublehop/kerberos/gss/gss-error';
import type { GssStep, Negotiation } from '@doublehop/kerberos/gss/negotiation';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { principal } from '@doublehop/kerberos/names';
import { fileTimeOf } from '@doublehop/security/filetime';
import { concat, equal, utf16le } from '@doublehop/wire/bytes';
import { NtlmContext } from './context.ts';
import { AV_FLAG_MIC, AvId, NtlmFlag } from './flags.ts';
import {
  exportedSessionKey,
  messageIntegrity,
  ntProof,
  responseKey,
  sameSecret,
  sessionBaseKey,
} from './keys.ts';
import {
  type AuthenticateMessage,
  avValue,
  type AvPair,
  decodeAuthenticate,
  decodeNegotiate,
  decodeNtlmV2Response,
  encodeChallenge,
  MIC_OFFSET,
  MIC_SIZE,
  type NtlmV2Response,
} from './messages.ts';

/** Who a client says it is. */
export interface NtlmClaim {
  readonly domain: string;
  readonly user: string;
  /** Whether the response was made with this NT hash; compares in constant time. */
  proves(ntHash: Uint8Array): boolean;
}

/** Whom a claim proved, and by which key. */
export interface NtlmLogon {
  readonly account: Account;
  readonly ntHash: Uint8Array;
}

/** The names of the server, for its clients. */
export interface NtlmTarget {
  readonly netbiosDomainName: string;
  readonly netbiosComputerName: string;
  readonly dnsDomainName: string;
  readonly dnsComputerName: string;
}

/** What an acceptor needs. */
export interface NtlmAcceptorOptions {
  readonly target: NtlmTarget;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
  /** The channel of the connection, where there is one. */
  readonly channelBindings?: ChannelBindings;
  readonly bindingPolicy?: BindingPolicy;
  /** Who a claim is about, once it is proved; throws where it is not, or must not be. */
  readonly authenticate: (claim: NtlmClaim) => NtlmLogon;
}

/**
 * The server's side of NTLM (MS-NLMP 3.2.5.1), used once: NTLMv2 alone, with extended session
 * security and 128 bits. LM responses are not looked at, NTLMv1 and anonymous clients are refused.
 */
export class NtlmAcceptor implements Negotiation<NtlmContext> {
  readonly #options: NtlmAcceptorOptions;
  #sent: { readonly negotiate: Uint8Array; readonly challenge: Challenge } | undefined;
  context: NtlmContext | undefined;

  constructor(options: NtlmAcceptorOptions) {
    this.#options = options;
  }

  step(token: Uint8Array = new Uint8Array(0)): GssStep {
    if (this.context !== undefined) throw gssError('GSS_S_FAILURE', 'the session is established');
    if (this.#sent === undefined) {
      const { flags } = reading('the NEGOTIATE_MESSAGE', () => decodeNegotiate(token));
      const challenge = challengeFor(flags, this.#options);
      this.#sent = { negotiate: token.slice(), challenge };
      return { token: challenge.message, established: false };
    }
    this.context = this.#accept(token, this.#sent.negotiate, this.#sent.challenge);
    return { established: true };
  }

  #accept(token: Uint8Array, negotiate: Uint8Array, challenge: Challenge): NtlmContext {
    const message = reading('the AUTHENTICATE_MESSAGE', () => decodeAuthenticate(token));
    const flags = agreedFlags(message.flags, challenge.flags);
    const response = reading('the response', () => decodeNtlmV2Response(message.ntResponse));
    const { account, baseKey } = this.#authenticate(message, response, challenge.octets);
    const key = exportedSessionKey(baseKey, flags, message.encryptedSessionKey);
    if (key === undefined) throw gssError('GSS_S_DEFECTIVE_TOKEN', 'the session key is missing');
    requireIntegrity(key, response, { negotiate, challenge: challenge.message, token });
    requireBindings(response.pairs, this.#options);
    const peer = principal(message.domain, NameType.PRINCIPAL, message.user);
    return new NtlmContext({ role: 'server', peer, flags, key, account });
  }

  /** The SessionBaseKey of a client that proved who it is. */
  #authenticate(
    { domain, user }: AuthenticateMessage,
    { proof, temp }: NtlmV2Response,
    challenge: Uint8Array,
  ): { readonly account: Account; readonly baseKey: Uint8Array } {
    const keyOf = (ntHash: Uint8Array): Uint8Array => responseKey(ntHash, user, domain);
    const { account, ntHash } = this.#options.authenticate({
      domain,
      user,
      proves: (hash) => sameSecret(ntProof(keyOf(hash), challenge, temp), proof),
    });
    return { account, baseKey: sessionBaseKey(keyOf(ntHash), proof) };
  }
}

interface Challenge {
  readonly flags: number;
  readonly octets: Uint8Array;
  readonly message: Uint8Array;
}

/** What is granted where a client asks for it. */
const SUPPORTED =
  NtlmFlag.UNICODE |
  NtlmFlag.REQUEST_TARGET |
  NtlmFlag.SIGN |
  NtlmFlag.SEAL |
  NtlmFlag.NTLM |
  NtlmFlag.ALWAYS_SIGN |
  NtlmFlag.EXTENDED_SESSIONSECURITY |
  NtlmFlag.VERSION |
  NtlmFlag.KEY_128 |
  NtlmFlag.KEY_EXCH |
  NtlmFlag.KEY_56;

/** Without these there is no session (MS-NLMP 3.2.5.1.1). */
const REQUIRED = NtlmFlag.UNICODE | NtlmFlag.EXTENDED_SESSIONSECURITY;

function challengeFor(asked: number, { target, clock, random }: NtlmAcceptorOptions): Challenge {
  requireFlags(asked);
  const flags = ((asked & SUPPORTED) | NtlmFlag.TARGET_INFO | NtlmFlag.TARGET_TYPE_DOMAIN) >>> 0;
  const octets = random(8);
  const timestamp = new Uint8Array(8);
  new DataView(timestamp.buffer).setBigUint64(0, fileTimeOf(clock()), true);
  const message = encodeChallenge({
    flags,
    challenge: octets,
    targetName: target.netbiosDomainName,
    targetInfo: [
      { id: AvId.NB_DOMAIN_NAME, value: utf16le(target.netbiosDomainName) },
      { id: AvId.NB_COMPUTER_NAME, value: utf16le(target.netbiosComputerName) },
      { id: AvId.DNS_DOMAIN_NAME, value: utf16le(target.dnsDomainName) },
      { id: AvId.DNS_COMPUTER_NAME, value: utf16le(target.dnsComputerName) },
      { id: AvId.DNS_TREE_NAME, value: utf16le(target.dnsDomainName) },
      { id: AvId.TIMESTAMP, value: timestamp },
    ],
  });
  return { flags, octets, message };
}

function agreedFlags(answered: number, offered: number): number {
  const flags = answered & offered;
  requireFlags(flags);
  const protects = (flags & (NtlmFlag.SIGN | NtlmFlag.SEAL)) !== 0;
  if (protects && (flags & NtlmFlag.KEY_128) === 0) {
    throw gssError('GSS_S_FAILURE', 'the client takes no key of 128 bits');
  }
  return flags;
}

function requireFlags(flags: number): void {
  if ((flags & REQUIRED) === REQUIRED) return;
  throw gssError('GSS_S_FAILURE', 'the client has no Unicode, or no extended session security');
}

interface Messages {
  readonly negotiate: Uint8Array;
  readonly challenge: Uint8Array;
  readonly token: Uint8Array;
}

/** Whether there is a MIC is told inside of what the response proves (MS-NLMP 3.2.5.1.2). */
function requireIntegrity(key: Uint8Array, { pairs }: NtlmV2Response, messages: Messages): void {
  const flags = avValue(pairs, AvId.FLAGS);
  if (((flags?.[0] ?? 0) & AV_FLAG_MIC) === 0) return;
  const { negotiate, challenge, token } = messages;
  const mic = token.subarray(MIC_OFFSET, MIC_OFFSET + MIC_SIZE);
  const rest = token.subarray(MIC_OFFSET + MIC_SIZE);
  const blank = concat(token.subarray(0, MIC_OFFSET), new Uint8Array(MIC_SIZE), rest);
  if (sameSecret(messageIntegrity(key, negotiate, challenge, blank), mic)) return;
  throw gssError('GSS_S_BAD_MIC', 'the messages were changed on their way');
}

/** MsvAvChannelBindings is the hash of GSS-API's bindings, or zero (MS-NLMP 2.2.2.1). */
function requireBindings(
  pairs: readonly AvPair[],
  { channelBindings, bindingPolicy = 'ignore-if-absent' }: NtlmAcceptorOptions,
): void {
  if (channelBindings === undefined || bindingPolicy === 'off') return;
  const named = avValue(pairs, AvId.CHANNEL_BINDINGS) ?? NO_BINDINGS;
  if (equal(named, bindingsHash(channelBindings))) return;
  if (bindingPolicy === 'ignore-if-absent' && equal(named, NO_BINDINGS)) return;
  throw gssError('GSS_S_BAD_BINDINGS', 'the client authenticates over another channel');
}
