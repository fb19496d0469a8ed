import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { pooledRandom } from '@doublehop/crypto/random';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import { KerberosError } from '@doublehop/kerberos/errors';
import { memoryReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import { keytabKeys } from '@doublehop/kerberos/gss/service-keys';
import { negotiateClient } from '@doublehop/kerberos/http/negotiate-client';
import {
  type NegotiateHandler,
  negotiateListener,
  type NegotiateServerOptions,
} from '@doublehop/kerberos/http/negotiate-server';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { parsePrincipal, type Principal } from '@doublehop/kerberos/names';
import { decodeDelegationInfo } from '@doublehop/security/pac/delegation-info';
import { decodeLogonInfo } from '@doublehop/security/pac/logon-info';
import { decodePac, pacBuffer, PacType } from '@doublehop/security/pac/pac';
import { type Contoso, REALM, startContoso } from '../support/contoso.ts';
import { serviceOf } from '../support/kerberos-client.ts';
import { type MitShell, mitShell } from '../support/mit.ts';
import { requirePeers, whyMissing } from '../support/peers.ts';
import type { Outcome } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const ADDRESS = '127.0.0.1';
const named = (text: string): Principal => parsePrincipal(text, REALM);

describe('curl --negotiate to a service that hops on', () => {
  const dir = makeTempDir('http-curl');
  const servers: Server[] = [];
  const random = pooledRandom();
  const clock = () => Date.now();
  let contoso: Contoso | undefined;
  /** Ports of the two services. */
  let middle = 0;
  let target = 0;

  beforeAll(async () => {
    if (whyMissing('mit', 'curl') !== undefined) return;
    const domain = await startContoso(dir);
    contoso = domain;
    target = await listen(negotiateListener(await acceptor(domain, 'serverc'), whoAmI('ServerC')));
    const options = { settings: { forwardable: true } };
    const keytab = domain.keytab('serverb');
    const service = await serviceOf(domain, named('SERVERB$'), keytab, options);
    const own = await acceptor(domain, 'serverb');
    middle = await listen(negotiateListener(own, hopping(service)));
  });
  afterEach(async () => {
    await contoso?.grant('ServerC');
  });
  afterAll(async () => {
    for (const server of servers) server.close();
    await contoso?.stop();
    removeDir(dir);
  });

  async function acceptor(domain: Contoso, host: string): Promise<NegotiateServerOptions> {
    const keys = keytabKeys(await readKeytab(domain.keytab(host)));
    return { keys, replayCache: memoryReplayCache(), clock, random };
  }

  async function listen(listener: RequestListener): Promise<number> {
    const server = createServer({ maxHeaderSize: 64 * 1024 }, listener);
    servers.push(server);
    server.listen(0, ADDRESS);
    await once(server, 'listening');
    const bound = server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : 0;
  }

  /** ServerB: answers for itself, and for /hop calls ServerC as the user. */
  function hopping(service: KerberosClient): NegotiateHandler {
    return (request, response, identity) => {
      if (request.url !== '/hop') {
        whoAmI('ServerB')(request, response, identity);
        return;
      }
      const evidence = { ticket: identity.ticket, client: identity.principal };
      const client = negotiateClient({
        getServiceTicket: (spn) => service.proxy(evidence, named(spn)),
        clock,
        random,
        lookup: (_host, _options, found) => found(null, [{ address: ADDRESS, family: 4 }]),
      });
      client.fetch(`http://serverc.contoso.com:${target}/`).then(
        ({ body }) => response.end(body),
        (error: unknown) => {
          const code = error instanceof KerberosError ? error.detail.errorCode : undefined;
          response.writeHead(403).end(`refused: ${code}\n`);
        },
      );
    };
  }

  async function alice(): Promise<MitShell> {
    if (contoso === undefined) throw new Error('the domain was not started');
    const shell = mitShell(contoso, 'forwardable = true');
    const input = `${contoso.password('alice')}\n`;
    const { status, stderr } = await shell.run('kinit', ['alice'], { input });
    expect(status, stderr).toBe(0);
    return shell;
  }

  function curl(shell: MitShell, path: string, ...args: string[]): Promise<Outcome> {
    const host = `serverb.contoso.com:${middle}`;
    const fixed = ['--silent', '--show-error', '--noproxy', '*', '--resolve', `${host}:${ADDRESS}`];
    return shell.run('curl', [...fixed, ...args, `http://${host}${path}`]);
  }

  const negotiate = ['--negotiate', '--user', ':'];

  test('ServerB sees CONTOSO\\alice; without a ticket nobody', async (ctx) => {
    requirePeers(ctx, 'mit', 'curl');
    const shell = await alice();
    const { stdout, stderr } = await curl(shell, '/', ...negotiate);
    expect(stdout, stderr).toBe('ServerB sees CONTOSO\\alice\n');
    const verbose = await curl(shell, '/', ...negotiate, '--include');
    // The last leg proves the server (RFC 4559 §4.1).
    expect(verbose.stdout).toMatch(/HTTP\/1\.1 200[^]*WWW-Authenticate: Negotiate [\w+/=]{40}/u);
    const plain = await curl(shell, '/', '--include');
    expect(plain.stdout).toMatch(/^HTTP\/1\.1 401[^]*WWW-Authenticate: Negotiate\r\n/u);
    await shell.run('kdestroy', []);
    const none = await curl(shell, '/', ...negotiate, '--write-out', '%{http_code}');
    expect(none.stdout).toMatch(/401$/u);
  });

  test('the hop: refused, then granted, and ServerC sees her through ServerB', async (ctx) => {
    requirePeers(ctx, 'mit', 'curl');
    const shell = await alice();
    expect((await curl(shell, '/hop', ...negotiate)).stdout).toBe('refused: 13\n');
    await contoso?.grant('ServerC', 'ServerB');
    const { stdout } = await curl(shell, '/hop', ...negotiate);
    expect(stdout).toBe(
      'ServerC sees CONTOSO\\alice through HTTP/serverb.contoso.com@CONTOSO.COM\n',
    );
  });
});

/** Says whom a host sees, as the PAC of the ticket names her. */
function whoAmI(host: string): NegotiateHandler {
  return (_request, response, { pac }) => {
    const parsed = decodePac(pac ?? new Uint8Array());
    const logon = decodeLogonInfo(pacBuffer(parsed, PacType.logonInfo) ?? new Uint8Array());
    const delegation = pacBuffer(parsed, PacType.delegationInfo);
    const via =
      delegation === undefined
        ? ''
        : ` through ${decodeDelegationInfo(delegation).transitedServices.join(', ')}`;
    response.end(`${host} sees ${logon.logonDomainName}\\${logon.effectiveName}${via}\n`);
  };
}
