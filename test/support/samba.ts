// Our own programs on a real Samba AD DC, as its Administrator.
import { connect } from '@doublehop/admin/connect';
import type { DomainConnection } from '@doublehop/admin/connection';
import { run } from '@doublehop/cli/main';
import { pooledRandom } from '@doublehop/crypto/random';
import { krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { loadProfile } from '@doublehop/kerberos/config/load';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import { contextOf } from '../../packages/cli/test/support/call.ts';
import type { SambaDc } from '../peers/samba-dc.ts';
import type { Outcome } from './run.ts';

/** Runs our command in this process, with tickets and all else below a folder. */
export async function doublehopAt(
  dc: SambaDc | undefined,
  home: string,
  args: readonly string[],
  input = '',
): Promise<Outcome> {
  const env = { ...dc?.env, HOME: home, DOUBLEHOP_LDAP: `ldap://${dc?.address ?? ''}` };
  const said = { stdout: '', stderr: '' };
  const sinks = {
    out: (text: string) => void (said.stdout += text),
    err: (text: string) => void (said.stderr += text),
  };
  const world = { ...contextOf({ env, input }, sinks), clock: Date.now, random: pooledRandom() };
  return { status: await run(args, world), ...said };
}

/** A sealed connection with somebody's tickets. */
export async function connectTo(dc: SambaDc, kerberos: KerberosClient): Promise<DomainConnection> {
  return await connect({
    urls: [`ldap://${dc.address}`],
    kerberos,
    config: krb5Config(loadProfile(dc.env['KRB5_CONFIG'] ?? '')),
    clock: Date.now,
    random: pooledRandom(),
  });
}

/** smb.conf(5) of a machine that runs Samba's tools, of the domain corp.example. */
export function smbConf(state: string): string {
  return `[global]
 workgroup = CORP
 realm = CORP.EXAMPLE
 server role = standalone server
 lock directory = ${state}
 state directory = ${state}
 cache directory = ${state}
 private dir = ${state}
`;
}
