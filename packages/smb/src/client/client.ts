import { connect as connectTcp, type Socket } from 'node:net';
import type { RandomSource } from '@doublehop/crypto/random';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { krb5Initiator } from '@doublehop/kerberos/gss/initiator';
import { spnegoInitiator } from '@doublehop/kerberos/spnego/initiator';
import { ALL_DIALECTS, DIALECT_NUMBERS, type DialectName } from '../dialects.ts';
import { SmbError, statusError } from '../errors.ts';
import { CONNECT_WAIT, MAX_SETUP_LEGS, RESPONSE_WAIT } from '../limits.ts';
import { Command, SessionFlag } from '../messages/constants.ts';
import {
  decodeSessionSetupResponse,
  encodeEmpty,
  encodeSessionSetupRequest,
} from '../messages/session.ts';
import { isError, NtStatus } from '../nt-status.ts';
import { sessionKeys } from '../security/keys.ts';
import { preauthNext } from '../security/preauth.ts';
import { type Answer, CLIENT_SECURITY_MODE, Exchange } from './exchange.ts';
import { type Agreement, canSign, negotiate } from './negotiation.ts';
import { NamedPipe } from './pipe.ts';
import { ShareClient } from './share.ts';
import { connectTree, type Tree } from './tree.ts';

/** What a client needs; where tickets come from is the caller's. */
export interface SmbClientOptions {
  /** The server's name: what the ticket is for, and what paths name. */
  readonly host: string;
  /** Where to connect to in place of the name. */
  readonly address?: string;
  /** TCP port; 445 where absent. */
  readonly port?: number;
  /** A ticket for `cifs/host`. */
  readonly getServiceTicket: (spn: string) => Promise<Credentials>;
  /** The KDC's time in milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
  /** Dialects to offer; all where absent. */
  readonly dialects?: readonly DialectName[];
  /** Encrypt everything, or fail; otherwise as server and share ask. */
  readonly encrypt?: boolean;
  /** Milliseconds for one answer; RESPONSE_WAIT where absent. */
  readonly timeout?: number;
  /** Makes the connection, in place of TCP to `address`. */
  readonly connect?: () => Promise<Socket>;
}

/** An authenticated session with a server: its shares and its pipes. */
export class SmbClient {
  readonly host: string;
  readonly dialect: DialectName;
  readonly #exchange: Exchange;
  readonly #agreement: Agreement;
  readonly #trees = new Map<string, Promise<Tree>>();

  constructor(host: string, exchange: Exchange, agreement: Agreement) {
    this.host = host;
    this.dialect = agreement.dialect;
    this.#exchange = exchange;
    this.#agreement = agreement;
  }

  /** Whether the whole session is encrypted. */
  get encrypted(): boolean {
    return this.#exchange.protection?.encrypt === true;
  }

  /** Connects to a share. Throws SmbError `status`, `dfs`, `unsupported`. */
  async share(name: string): Promise<ShareClient> {
    return new ShareClient(await this.#tree(name));
  }

  /** Opens a named pipe, such as `srvsvc`, for transactions. Throws SmbError `status`. */
  async pipe(name: string): Promise<NamedPipe> {
    return await NamedPipe.open(await this.#tree('IPC$'), name);
  }

  /** One message into a pipe that is opened for it, and the one that answers. */
  async transact(name: string, message: Uint8Array): Promise<Uint8Array> {
    const pipe = await this.pipe(name);
    try {
      return await pipe.transact(message);
    } finally {
      await pipe.close();
    }
  }

  /** Logs off and closes; never throws. */
  async close(): Promise<void> {
    await this.#exchange
      .request({ command: Command.logoff, body: encodeEmpty() })
      .catch(() => undefined);
    this.#exchange.close();
  }

  #tree(share: string): Promise<Tree> {
    const key = share.toUpperCase();
    const known = this.#trees.get(key);
    if (known !== undefined) return known;
    const tree = connectTree(this.#exchange, this.#agreement, this.host, share);
    this.#trees.set(key, tree);
    tree.catch(() => this.#trees.delete(key));
    return tree;
  }
}

/**
 * Connects to a server and authenticates with a ticket for `cifs/host` (MS-SMB2 3.2.4.2). Messages
 * are signed, always; encrypted where the server or the caller demands it. Throws SmbError, and
 * whatever `getServiceTicket` throws.
 */
export async function connectServer(options: SmbClientOptions): Promise<SmbClient> {
  const { host, random, dialects = ALL_DIALECTS, timeout = RESPONSE_WAIT } = options;
  const credentials = await options.getServiceTicket(`cifs/${host}`);
  const socket = await (options.connect?.() ?? openSocket(options));
  const exchange = new Exchange(socket, timeout);
  try {
    const agreement = await negotiate(exchange, host, { dialects, random });
    if (!canSign(agreement)) throw new SmbError('unsupported', 'the server does not sign');
    await authenticate(exchange, agreement, credentials, options);
    return new SmbClient(host, exchange, agreement);
  } catch (error) {
    exchange.close();
    throw error;
  }
}

/** A share, and the connection that it has to itself. */
export interface ConnectedShare {
  readonly client: SmbClient;
  readonly share: ShareClient;
  /** Logs off and closes; never throws. */
  close(): Promise<void>;
}

/** Connects to one share of a server. Throws what `connectServer` and `share` throw. */
export async function connectShare(
  options: SmbClientOptions & { readonly share: string },
): Promise<ConnectedShare> {
  const client = await connectServer(options);
  try {
    const share = await client.share(options.share);
    return { client, share, close: () => client.close() };
  } catch (error) {
    await client.close();
    throw error;
  }
}

function openSocket({ host, address = host, port = 445 }: SmbClientOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: address, port, noDelay: true, timeout: CONNECT_WAIT });
    const fail = (cause: Error): void => {
      socket.destroy();
      const where = `${address}:${port}`;
      reject(new SmbError('connect', `${where} cannot be reached: ${cause.message}`, { cause }));
    };
    const late = (): void => fail(new Error(`no connection in ${CONNECT_WAIT} ms`));
    socket.once('error', fail);
    socket.once('timeout', late);
    socket.once('connect', () => {
      socket.removeListener('error', fail);
      socket.removeListener('timeout', late);
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}

/** SESSION_SETUP until there is a key (MS-SMB2 3.2.4.2.3, 3.2.5.3). */
async function authenticate(
  exchange: Exchange,
  agreement: Agreement,
  credentials: Credentials,
  { clock, random, encrypt = false }: SmbClientOptions,
): Promise<void> {
  const negotiation = spnegoInitiator(() => krb5Initiator({ credentials, clock, random }));
  let { token } = negotiation.step();
  let sessionId = 0n;
  let hash = agreement.preauthHash;
  for (let leg = 0; leg < MAX_SETUP_LEGS && token !== undefined; leg += 1) {
    const answer = await sendSetup(exchange, sessionId, token);
    const { header, bytes, sent } = answer;
    sessionId = header.sessionId;
    hash = preauthNext(hash, sent);
    if (header.status !== NtStatus.MORE_PROCESSING_REQUIRED) {
      if (isError(header.status)) {
        throw statusError(header.status, 'the server refused the ticket');
      }
      const { flags, token: last } = decodeSessionSetupResponse(bytes);
      if (negotiation.context === undefined) negotiation.step(last);
      establish(exchange, agreement, { negotiation, answer, hash, flags, encrypt });
      return;
    }
    hash = preauthNext(hash, bytes);
    token = negotiation.step(decodeSessionSetupResponse(bytes).token).token;
  }
  throw new SmbError('unsupported', 'the authentication comes to no end');
}

async function sendSetup(
  exchange: Exchange,
  sessionId: bigint,
  token: Uint8Array,
): Promise<Answer> {
  const body = encodeSessionSetupRequest({
    flags: 0,
    securityMode: CLIENT_SECURITY_MODE,
    capabilities: 0,
    previousSessionId: 0n,
    token,
  });
  return await exchange.request({ command: Command.sessionSetup, body, sessionId });
}

interface Finished {
  readonly negotiation: ReturnType<typeof spnegoInitiator>;
  readonly answer: Answer;
  readonly hash: Uint8Array;
  readonly flags: number;
  readonly encrypt: boolean;
}

function establish(
  exchange: Exchange,
  { dialect, cipher, signing }: Agreement,
  { negotiation, answer, hash, flags, encrypt }: Finished,
): void {
  const { context } = negotiation;
  if (context === undefined) throw new SmbError('integrity', 'the server proved nothing');
  if ((flags & (SessionFlag.guest | SessionFlag.anonymous)) !== 0) {
    throw new SmbError('unsupported', 'the server made us a guest');
  }
  const number = DIALECT_NUMBERS[dialect];
  const terms = { dialect: number, cipher, signing, preauthHash: hash };
  const keys = sessionKeys('client', context.key.bytes(), terms);
  // The last answer is signed: whatever was changed before made another key (MS-SMB2 3.2.5.3.1).
  if (!keys.signer.verify(answer.bytes)) {
    throw new SmbError('integrity', 'the end of the authentication has no valid signature');
  }
  const demanded = encrypt || (flags & SessionFlag.encrypt) !== 0;
  if (demanded && keys.sealer === undefined) {
    throw new SmbError('unsupported', 'encryption is demanded, and the server cannot');
  }
  exchange.protection = { sessionId: answer.header.sessionId, keys, encrypt: demanded };
}
