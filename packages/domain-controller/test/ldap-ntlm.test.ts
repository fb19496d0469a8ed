import { setPassword } from '@doublehop/domain-controller/directory-keys';
import { bindingsHash } from '@doublehop/kerberos/gss/channel-bindings';
import { Mechanism } from '@doublehop/kerberos/gss/oids';
import { span } from '@doublehop/wire/der';
import {
  decodeNegotiationToken,
  encodeInit,
  encodeResp,
  MechTypeList,
} from '@doublehop/kerberos/spnego/messages';
import { LdapClient } from '@doublehop/ldap/client/client';
import { gssLayer } from '@doublehop/ldap/sasl/gss-layer';
import type { SaslClientMechanism, SecurityLayer } from '@doublehop/ldap/sasl/mechanism';
import { utf8 } from '@doublehop/wire/bytes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ALICE,
  BASE,
  connectClear,
  connectTls,
  entriesOf,
  passwordOf,
  type RunningDomain,
  startDomain,
} from './support/domain.ts';
import { NtlmClient, type NtlmClientOptions, USUAL_FLAGS } from './support/ntlm-client.ts';
import { NtlmFlag } from '@doublehop/domain-controller/ntlm/flags';

let domain: RunningDomain;

beforeAll(async () => {
  domain = await startDomain({ ldap: { ntlm: 'v2' } });
  const { directory, domain: info } = domain.dc;
  const options = { encryptionTypes: [18, 17, 23] };
  await setPassword(directory, info, ALICE, passwordOf('alice'), options);
});
afterAll(async () => {
  await domain.close();
  expect(domain.defects).toEqual([]);
});

const PLAIN_FLAGS = USUAL_FLAGS & ~(NtlmFlag.SIGN | NtlmFlag.SEAL);

/** GSS-SPNEGO with NTLM inside of SPNEGO, or as it is. */
class NtlmMechanism implements SaslClientMechanism {
  readonly name = 'GSS-SPNEGO';
  securityLayer: SecurityLayer | undefined;
  readonly #client: NtlmClient;
  readonly #raw: boolean;
  readonly #mechTypes = span(MechTypeList, [Mechanism.NTLM]);

  constructor(client: NtlmClient, raw: boolean) {
    this.#client = client;
    this.#raw = raw;
  }

  start() {
    const { negotiate } = this.#client;
    const response = this.#raw
      ? negotiate
      : encodeInit({ mechTypes: this.#mechTypes, mechToken: negotiate });
    return Promise.resolve({ response, complete: false });
  }

  step(challenge: Uint8Array) {
    if (this.#client.context !== undefined) {
      if (!this.#raw) {
        const { kind, value } = decodeNegotiationToken(challenge);
        if (kind !== 'resp' || value.mechListMic === undefined) throw new Error('no MIC');
        this.#client.context.verifyMic(this.#mechTypes.raw, value.mechListMic);
      }
      return Promise.resolve({ complete: true });
    }
    const response = this.#answer(challenge);
    this.securityLayer = layerOf(this.#client);
    return Promise.resolve({ response, complete: this.#raw });
  }

  #answer(challenge: Uint8Array): Uint8Array {
    if (this.#raw) return this.#client.answer(challenge);
    const { kind, value } = decodeNegotiationToken(challenge);
    if (kind !== 'resp') throw new Error('no answer');
    const responseToken = this.#client.answer(value.responseToken ?? new Uint8Array(0));
    const mechListMic = this.#client.context?.getMic(this.#mechTypes.raw);
    return encodeResp({ responseToken, mechListMic });
  }
}

function layerOf({ context }: NtlmClient): SecurityLayer | undefined {
  if (context?.integrity !== true) return undefined;
  const protection = context.confidentiality ? 'confidentiality' : 'integrity';
  const whole = { ...members(context), step: () => ({ established: true }), established: true };
  return gssLayer(whole, protection, 65_536);
}

function members(context: NonNullable<NtlmClient['context']>) {
  return {
    integrity: context.integrity,
    confidentiality: context.confidentiality,
    wrap: context.wrap.bind(context),
    unwrap: context.unwrap.bind(context),
    wrapSizeLimit: context.wrapSizeLimit.bind(context),
  };
}

interface Attempt extends NtlmClientOptions {
  readonly user?: string;
  readonly domainName?: string;
  readonly password?: string;
  readonly raw?: boolean;
}

async function bind(client: LdapClient, attempt: Attempt = {}): Promise<string> {
  const { user = 'alice', domainName = 'CONTOSO', password = passwordOf('alice') } = attempt;
  const ntlm = new NtlmClient(domainName, user, password, attempt);
  await client.bindSasl(new NtlmMechanism(ntlm, attempt.raw === true));
  return await client.whoAmI();
}

const failure = (data: string) => ({
  code: 'invalidCredentials',
  message: expect.stringMatching(new RegExp(`^8009030C: LdapErr: .* data ${data}, `)),
});

describe('MS-ADTS 5.1.1.1.2 NTLM in GSS-SPNEGO', () => {
  it.each([
    ['sealed, with the list of mechanisms protected', false, USUAL_FLAGS],
    ['signed', false, USUAL_FLAGS & ~NtlmFlag.SEAL],
    ['without SPNEGO', true, USUAL_FLAGS],
  ])('%s', async (_what, raw, flags) => {
    const client = await connectClear(domain);
    await expect(bind(client, { raw, flags })).resolves.toBe('u:CONTOSO\\alice');
    const entries = await entriesOf(client, { base: BASE, filter: '(sAMAccountName=alice)' });
    expect(entries.map(({ dn }) => dn)).toEqual([ALICE]);
    await client.close();
  });

  it('names as clients write them', async () => {
    for (const [user, domainName] of [
      ['ALICE', 'contoso'],
      ['alice', 'contoso.com'],
      ['alice@contoso.com', ''],
      ['alice', ''],
    ] as const) {
      const client = await connectClear(domain);
      await expect(bind(client, { user, domainName })).resolves.toBe('u:CONTOSO\\alice');
      await client.close();
    }
  });

  it.each<[string, Attempt]>([
    ['a wrong password', { password: 'wrong' }],
    ['a user that is not there', { user: 'nobody' }],
    ['a user of another domain', { domainName: 'FABRIKAM' }],
    ['no user', { user: '' }],
    ['an account without a key of RC4', { user: 'bob', password: passwordOf('bob') }],
  ])('%s: one answer for all', async (_what, attempt) => {
    const client = await connectClear(domain);
    await expect(bind(client, attempt)).rejects.toMatchObject(failure('52e'));
    await client.close();
  });

  it('a disabled account, for who knows its password', async () => {
    const { directory } = domain.dc;
    const change = { operation: 'replace', attribute: 'userAccountControl' } as const;
    await directory.modify(ALICE, [{ ...change, values: ['514'] }]);
    const client = await connectClear(domain);
    await expect(bind(client)).rejects.toMatchObject(failure('533'));
    await expect(bind(client, { password: 'wrong' })).rejects.toMatchObject(failure('52e'));
    await client.close();
    await directory.modify(ALICE, [{ ...change, values: ['512'] }]);
  });

  it('Protected Users are refused', async () => {
    const { directory } = domain.dc;
    const group = `CN=Protected Users,CN=Users,${BASE}`;
    const change = { attribute: 'member', values: [ALICE] } as const;
    await directory.modify(group, [{ ...change, operation: 'add' }]);
    const client = await connectClear(domain);
    await expect(bind(client)).rejects.toMatchObject(failure('52f'));
    await client.close();
    await directory.modify(group, [{ ...change, operation: 'delete' }]);
  });

  it('without signing in clear text it is refused, over TLS it is taken', async () => {
    const clear = await connectClear(domain);
    await expect(bind(clear, { flags: PLAIN_FLAGS })).rejects.toMatchObject({
      code: 'strongerAuthRequired',
    });
    await clear.close();
    const secure = await connectTls(domain);
    await expect(bind(secure, { flags: PLAIN_FLAGS })).resolves.toBe('u:CONTOSO\\alice');
    await secure.close();
  });

  it('names the TLS channel, and no other', async () => {
    const right = await connectTls(domain);
    const { channelBinding } = right;
    const bindings = bindingsHash({ applicationData: channelBinding ?? utf8('') });
    await expect(bind(right, { flags: PLAIN_FLAGS, bindings })).resolves.toBe('u:CONTOSO\\alice');
    await right.close();
    const wrong = await connectTls(domain);
    const other = bindingsHash({ applicationData: utf8('tls-server-end-point:other') });
    await expect(bind(wrong, { flags: PLAIN_FLAGS, bindings: other })).rejects.toMatchObject({
      message: expect.stringMatching(/^80090346: .*, data 80090346, /),
    });
    await wrong.close();
  });

  it('is off where nobody asked for it', async () => {
    const usual = await startDomain();
    const client = await connectClear(usual);
    for (const raw of [true, false]) {
      await expect(bind(client, { raw })).rejects.toMatchObject({ code: 'invalidCredentials' });
    }
    await client.close();
    await usual.close();
    expect(usual.defects).toEqual([]);
  });
});
