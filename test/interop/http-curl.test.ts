import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { pooledRandom } from '@doublehop/crypto/random';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { KerberosError } from '@doublehop/kerberos/errors';
import { memoryReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import { keytabKeys } from '@doublehop/kerberos/gss/service-keys';
import { negotiateClient } from '@doublehop/kerberos/http/negotiate-client';
import {
  type NegotiateHandler,
  type NegotiateIdentity,
  negotiateListener,
  type NegotiateServerOptions,
} from '@doublehop/kerberos/http/negotiate-server';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { parsePrincipal, type Principal } from '@doublehop/kerberos/names';
import { decodeDelegationInfo } from '@doublehop/security/pac/delegation-info';
import { decodeLogonInfo } from '@doublehop/security/pac/logon-info';
import { decodePac, pacBuffer, PacType } from '@doublehop/security/pac/pac';
import { type Contoso, REALM, startContoso } from '../support/contoso.ts';
import { clientOf, serviceOf } from '../support/kerberos-client.ts';
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
    middle = await listen(negotiateListener(own, hopping(service, domain)));
  });
  afterEach(async () => {
    await contoso?.grant('ServerC');
    await contoso?.trustForDelegation('ServerB', false);
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

  /** Unconstrained: ServerB goes on with the TGT that the user forwarded, or does not. */
  function onward(identity: NegotiateIdentity, domain: Contoso) {
    return async (spn: string): Promise<Credentials> => {
      const { delegated } = identity;
      if (delegated === undefined) throw new Error('nothing was delegated');
      const cache = memoryCache();
      await cache.initialize(delegated.client);
      await cache.store(delegated);
      return clientOf(domain, {}, cache).getServiceTicket(named(spn));
    };
  }

  /** ServerB: answers for itself, and for /hop and /onward calls ServerC as the user. */
  function hopping(service: KerberosClient, domain: Contoso): NegotiateHandler {
    return (request, response, identity) => {
      if (request.url !== '/hop' && request.url !== '/onward') {
        whoAmI('ServerB')(request, response, identity);
        return;
      }
      const evidence = { ticket: identity.ticket, client: identity.principal };
      const hop = (spn: string): Promise<Credentials> => service.proxy(evidence, named(spn));
      const client = negotiateClient({
        getServiceTicket: request.url === '/hop' ? hop : onward(identity, domain),
        clock,
        random,
        lookup: (_host, _options, found) => found(null, [{ address: ADDRESS, family: 4 }]),
      });
      client.fetch(`http://serverc.contoso.com:${target}/`).then(
        ({ body }) => response.end(body),
        (error: unknown) => {
          const code = error instanceof KerberosError ? error.detail.errorCode : String(error);
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

  test('unconstrained: curl forwards the TGT; ServerB goes on with it', async (ctx) => {
    requirePeers(ctx, 'mit', 'curl');
    const onwards = async (shell: MitShell, delegation: string): Promise<string> =>
      (await curl(shell, '/onward', ...negotiate, '--delegation', delegation)).stdout;
    const nothing = 'refused: Error: nothing was delegated\n';
    // Not trusted for delegation: no OK-AS-DELEGATE in the ticket, which `policy` looks at.
    expect(await onwards(await alice(), 'policy')).toBe(nothing);
    await contoso?.trustForDelegation('ServerB', true);
    const shell = await alice();
    expect(await onwards(shell, 'none')).toBe(nothing);
    // No middle is named: ServerC sees her as if she had come herself.
    expect(await onwards(shell, 'policy')).toBe('ServerC sees CONTOSO\\alice\n');
    expect(await onwards(shell, 'always')).toBe('ServerC sees CONTOSO\\alice\n');
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
