import { afterEach, describe, expect, test } from 'vitest';
import { krb5Acceptor } from '@doublehop/kerberos/gss/acceptor';
import { GssFlag } from '@doublehop/kerberos/gss/flags';
import { krb5Initiator } from '@doublehop/kerberos/gss/initiator';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { acceptorOptions, initiatorOptions } from '../../kerberos/test/gss-support.ts';
import {
  type KerberosBindOptions,
  acceptedContext,
  kerberosMechanism,
  kerberosServerMechanisms,
} from '../src/sasl/kerberos.ts';
import { certificate, collect, startServer } from './support/harness.ts';

let stop: (() => Promise<void>) | undefined;

afterEach(async () => {
  await stop?.();
});

async function start(bindingPolicy: 'required' | 'ignore-if-absent' = 'ignore-if-absent') {
  const started = await startServer({
    mechanisms: kerberosServerMechanisms(({ channelBinding }) => {
      const channelBindings = channelBinding && { applicationData: channelBinding };
      return krb5Acceptor(
        acceptorOptions(channelBindings === undefined ? {} : { channelBindings, bindingPolicy }),
      );
    }),
  });
  const tickets: string[] = [];
  started.handler.bindSasl = (_session, outcome) => {
    const context = acceptedContext(outcome);
    if (context !== undefined) tickets.push(formatPrincipal(context.acceptance.server));
    return outcome.peer;
  };
  stop = started.stop;
  return { ...started, tickets };
}

const options = (more: Partial<KerberosBindOptions> = {}): KerberosBindOptions => ({
  start: (wish) => krb5Initiator(initiatorOptions(wish)),
  ...more,
});

describe('flags of the context (MS-ADTS 5.1.1.1.2)', () => {
  const { INTEG, CONF } = GssFlag;
  test.each([
    [true, undefined, 0],
    [false, undefined, INTEG | CONF],
    [false, 'integrity', INTEG],
  ] as const)('TLS %s, layer %s', (tls, layer, expected) => {
    for (const mechanism of ['GSSAPI', 'GSS-SPNEGO'] as const) {
      const wishes: number[] = [];
      const noted: KerberosBindOptions = {
        start(wish) {
          wishes.push(wish.flags & (INTEG | CONF));
          return krb5Initiator(initiatorOptions(wish));
        },
        mechanism,
        ...(layer === undefined ? {} : { layer }),
      };
      void kerberosMechanism({ tls, channelBinding: undefined }, noted).start();
      expect(wishes).toEqual([expected]);
    }
  });
});

describe('binds by Kerberos 5 through client and engine', () => {
  test.each([
    ['GSSAPI', 'confidentiality'],
    ['GSSAPI', 'integrity'],
    ['GSS-SPNEGO', 'confidentiality'],
    ['GSS-SPNEGO', 'integrity'],
  ] as const)('%s with %s', async (mechanism, layer) => {
    const { client, tickets, handler } = await start();
    for (let i = 0; i < 300; i += 1) handler.put(`cn=${i},dc=example`, { objectClass: ['x'] });
    const connection = await client();
    await connection.bindSasl(kerberosMechanism(connection, options({ mechanism, layer })));
    expect(connection.layer).toBe(layer);
    expect(await connection.whoAmI()).toBe('u:alice@CONTOSO.COM');
    expect(tickets).toEqual(['HTTP/serverb.contoso.com@CONTOSO.COM']);
    const { items } = await collect(connection.search({ base: 'dc=example' }));
    expect(items).toHaveLength(303);
  });

  test.each(['GSSAPI', 'GSS-SPNEGO'] as const)(
    '%s inside TLS: no layer, bound to the channel (RFC 5929 §4)',
    async (mechanism) => {
      const { client } = await start('required');
      const connection = await client({ startTls: true, tls: { ca: certificate } });
      await connection.bindSasl(kerberosMechanism(connection, options({ mechanism })));
      expect(connection.layer).toBe('none');
      expect(await connection.whoAmI()).toBe('u:alice@CONTOSO.COM');
      const unbound = { tls: true, channelBinding: undefined };
      const elsewhere = kerberosMechanism(unbound, options({ mechanism }));
      await expect(connection.bindSasl(elsewhere)).rejects.toMatchObject({
        code: 'invalidCredentials',
      });
    },
  );
});
