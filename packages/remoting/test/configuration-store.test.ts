import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecureText } from '@doublehop/powershell/objects/value';
import {
  decodeRegistration,
  encodeRegistration,
  type Registration,
} from '@doublehop/remoting/configurations/registration';
import { registeredConfigurations } from '@doublehop/remoting/configurations/registered';
import { openPassword, sealPassword } from '@doublehop/remoting/configurations/sealed-password';
import { ConfigurationStore } from '@doublehop/remoting/configurations/store';
import { RemotingError } from '@doublehop/remoting/errors';
import type { ShellOwner } from '@doublehop/remoting/wsman/shell-backend';
import { wellKnown } from '@doublehop/security/well-known-sids';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { opening } from './support/configurations.ts';
import { random } from './support/tickets.ts';

const PLAIN: Registration = { name: 'Demo', modulePath: [], isEnabled: true };

async function newStore(): Promise<{ readonly dir: string; readonly store: ConfigurationStore }> {
  const above = await mkdtemp(join(tmpdir(), 'configurations-'));
  onTestFinished(() => rm(above, { recursive: true }));
  const dir = join(above, 'configurations');
  return { dir, store: new ConfigurationStore(dir, random) };
}

describe('a registration', () => {
  const whole: Registration = {
    ...PLAIN,
    file: { path: '/etc/jea.pssc', text: "@{ SessionType = 'RestrictedRemoteServer' }" },
    sddl: 'O:NSG:BAD:P(A;;GA;;;BA)',
    runAs: { user: 'CONTOSO\\alice', sealed: 'sealed-1.x.y' },
    modulePath: ['/modules'],
  };

  test('is read as it was written', () => {
    expect(decodeRegistration(encodeRegistration(whole))).toEqual(whole);
    expect(decodeRegistration(encodeRegistration(PLAIN))).toEqual(PLAIN);
  });

  test.each([
    ['an unknown key', { ...whole, more: 1 }, /unknown key/],
    ['a name that leaves the folder', { ...whole, name: '../x' }, /a name has/],
    ['SDDL that is none', { ...whole, sddl: 'D:(X' }, /the SDDL is not taken/],
    [
      'a file that is none',
      { ...whole, file: { path: 'f', text: '@{ Nope = 1 }' } },
      /f:1:4: unknown key Nope/,
    ],
    ['no flag', { ...whole, isEnabled: 'yes' }, /isEnabled/],
    [
      'two accounts',
      { ...whole, file: { path: 'f', text: '@{ RunAsVirtualAccount = $true }' } },
      /a RunAs user besides/,
    ],
  ])('with %s is refused', (_what, value, message) => {
    const text = JSON.stringify({ format: 'doublehop session configuration 1', ...value });
    expect(() => decodeRegistration(text)).toThrow(message);
  });

  test('that is anything throws only RemotingError', () => {
    const seed = encodeRegistration(whole);
    fc.assert(
      fc.property(fc.nat(seed.length), fc.string(), fc.nat(8), (at, text, cut) => {
        try {
          decodeRegistration(seed.slice(0, at) + text + seed.slice(at + cut));
        } catch (error) {
          expect(error).toBeInstanceOf(RemotingError);
          // A sealed password is quoted by no message.
          expect(String(error)).not.toContain('sealed-1');
        }
      }),
    );
  });
});

describe('a sealed password', () => {
  const key = random(32);
  const context = { configuration: 'Demo', user: 'CONTOSO\\alice' };

  test('opens with its key, for its use', () => {
    const sealed = sealPassword(SecureText.of('Pässw0rd'), key, context, random);
    expect(sealed).toMatch(/^sealed-1\.[\w+/=]{16}\.[\w+/=]+$/);
    expect(openPassword(sealed, key, { ...context, configuration: 'DEMO' }).revealText()).toBe(
      'Pässw0rd',
    );
  });

  test('opens with no other key, for no other user or configuration, nor changed', () => {
    const sealed = sealPassword(SecureText.of('secret'), key, context, random);
    const refused = /does not open/;
    expect(() => openPassword(sealed, random(32), context)).toThrow(refused);
    expect(() => openPassword(sealed, key, { ...context, user: 'CONTOSO\\bob' })).toThrow(refused);
    expect(() => openPassword(sealed, key, { ...context, configuration: 'x' })).toThrow(refused);
    const at = sealed.length - 8;
    const other = sealed[at] === 'A' ? 'B' : 'A';
    const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
    expect(() => openPassword(changed, key, context)).toThrow(refused);
    for (const text of ['', 'sealed-1', 'sealed-2.AA.BB', `${sealed}.x`, 'sealed-1.!.!']) {
      expect(() => openPassword(text, key, context)).toThrow(refused);
    }
  });
});

describe('the store of a host', () => {
  test('keeps registrations in files for their owner alone, without the password', async () => {
    const { dir, store } = await newStore();
    const password = SecureText.of('Secret-of-alice');
    await store.put(await store.withRunAs(PLAIN, 'CONTOSO\\alice', password));
    expect((await readdir(dir)).toSorted()).toEqual(['demo.json', 'sealing.key']);
    for (const file of ['demo.json', 'sealing.key']) {
      expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600);
    }
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    const bytes = await readFile(join(dir, 'demo.json'));
    expect(bytes.includes('Secret-of-alice')).toBe(false);
    expect(bytes.includes(Buffer.from('Secret-of-alice', 'utf16le'))).toBe(false);
    const found = await store.get('DEMO');
    expect(found?.runAs?.user).toBe('CONTOSO\\alice');
    if (found === undefined) throw new Error('not found');
    expect((await store.runAsPassword(found)).revealText()).toBe('Secret-of-alice');
    expect(await store.list()).toEqual([found]);
    expect(await store.remove('demo')).toBe(true);
    expect(await store.remove('demo')).toBe(false);
    expect(await store.list()).toEqual([]);
  });

  test('has one key when two seal at once', async () => {
    const { store } = await newStore();
    const names = ['A', 'B', 'C'];
    const sealed = await Promise.all(
      names.map((name) => store.withRunAs({ ...PLAIN, name }, 'u', SecureText.of(name))),
    );
    for (const one of sealed) {
      expect((await store.runAsPassword(one)).revealText()).toBe(one.name);
    }
  });

  test('opens sessions of what it has now', async () => {
    const { store } = await newStore();
    const opened: string[] = [];
    const logOn = async (user: string): Promise<never> => {
      opened.push(user);
      throw new Error('nobody is logged on here');
    };
    const find = registeredConfigurations<ShellOwner, undefined>(store, {
      allCommands: [],
      identities: {
        token: () => ({ sids: new Set([wellKnown.builtinAdministrators]) }),
        memberOf: () => false,
        asCaller: () => logOn('caller'),
        asRunAs: (_opening, user, password) => logOn(`${user} ${password.revealText()}`),
        asVirtualAccount: () => logOn('virtual'),
        asManagedAccount: () => logOn('managed'),
      },
      log: () => {},
    });
    const open = async (): Promise<unknown> => find('demo')?.open(opening);
    expect(find('../x')).toBeUndefined();
    await expect(open()).rejects.toThrow(/no session configuration/);
    await store.put(await store.withRunAs(PLAIN, 'CONTOSO\\svc', SecureText.of('Secret')));
    await expect(open()).rejects.toThrow(/cannot log on/);
    expect(opened).toEqual(['CONTOSO\\svc Secret']);
    await store.remove('Demo');
    await expect(open()).rejects.toThrow(/no session configuration/);
  });

  test('uses no key that others may read', async () => {
    const { dir, store } = await newStore();
    const registration = await store.withRunAs(PLAIN, 'u', SecureText.of('x'));
    await chmod(join(dir, 'sealing.key'), 0o644);
    await expect(store.runAsPassword(registration)).rejects.toThrow(/chmod 600/);
  });

  test('refuses a broken file, and one that is of another name', async () => {
    const { dir, store } = await newStore();
    await store.put(PLAIN);
    await writeFile(join(dir, 'other.json'), await readFile(join(dir, 'demo.json')));
    await expect(store.get('Other')).rejects.toThrow(/another configuration's/);
    await writeFile(join(dir, 'other.json'), '{');
    await expect(store.list()).rejects.toThrow(/not JSON/);
    expect(await store.get('../demo')).toBeUndefined();
    expect(await new ConfigurationStore(join(dir, 'none'), random).list()).toEqual([]);
  });
});
