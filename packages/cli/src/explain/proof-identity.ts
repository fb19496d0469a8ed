import type { CredentialCache } from '@doublehop/kerberos/ccache/ccache';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import { type ClientSecret, secretFromKeytab } from '@doublehop/kerberos/client/secret';
import { KerberosError } from '@doublehop/kerberos/errors';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { isTicketGrantingService, type Principal } from '@doublehop/kerberos/names';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { clientFor, promptFor } from '../kerberos/client.ts';
import { type KerberosConfiguration, openCache } from '../kerberos/configuration.ts';

/** What proves somebody to be a user or a middle. */
export interface ProofCredentials {
  readonly keytab: string | undefined;
  readonly cache: string | undefined;
  readonly passwordFile: string | undefined;
}

/** Where a command reads passwords: one after the other from one standard input. */
export type PasswordSource = (prompt: string, file?: string) => Promise<string>;

/** The Kerberos configuration of a command, and its world. */
export interface ProofWorld {
  readonly context: Context;
  readonly configuration: KerberosConfiguration;
  readonly password: PasswordSource;
}

/**
 * A client that works as `principal`. Its tickets stay in memory: of a cache the TGT is copied, so
 * that everything else is asked of the KDC anew, and nothing is left behind.
 */
export async function proofClient(
  { context, configuration, password }: ProofWorld,
  principal: Principal,
  { keytab, cache, passwordFile }: ProofCredentials,
): Promise<KerberosClient> {
  if (cache !== undefined) {
    const copy = await copyTgts(openCache(context, configuration, cache));
    return clientFor(context, configuration, copy);
  }
  const secret: ClientSecret =
    keytab === undefined
      ? { kind: 'password', password: await password(promptFor(principal), passwordFile) }
      : await keytabSecret(keytab, principal);
  return clientFor(context, configuration, memoryCache(), { client: principal, secret });
}

/** Throws UsageError where credentials are given in two ways; `who` is `--user` or `--middle`. */
export function requireOneWay(
  who: string,
  { keytab, cache, passwordFile }: ProofCredentials,
): void {
  const given = [keytab, cache, passwordFile].filter((value) => value !== undefined);
  if (given.length > 1) {
    throw new UsageError(`${who}-keytab, ${who}-cache and ${who}-password-file: one of them`);
  }
}

async function copyTgts(cache: CredentialCache): Promise<CredentialCache> {
  const copy = memoryCache();
  await copy.initialize(await cache.principal(), { kdcOffset: await cache.kdcOffset() });
  for (const ticket of await cache.list()) {
    if (isTicketGrantingService(ticket.server.name)) await copy.store(ticket);
  }
  return copy;
}

/**
 * The keys of a keytab for an account. Keytabs of services may have their SPNs alone: of one that
 * lacks the account's name, the keys of its first name count, which are the account's as well.
 */
async function keytabSecret(name: string, principal: Principal): Promise<ClientSecret> {
  const entries = await readKeytab(name);
  const [first] = entries;
  if (first === undefined) throw new UsageError(`the keytab ${name} is empty`);
  try {
    return secretFromKeytab(entries, principal);
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    return secretFromKeytab(entries, first.principal);
  }
}
