// A domain with many computers, in a process of its own.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REALM = 'MANY.EXAMPLE';
export const BASE = 'DC=many,DC=example';
/** All computers but the middle are below this. */
export const SERVERS = `OU=Servers,${BASE}`;
export const PASSWORD = 'Passw0rd.Administrator';

/** What the process tells when it is ready. */
export interface ManyPorts {
  readonly kdcPort: number;
  readonly ldapPort: number;
  readonly ldapsPort: number;
}

export interface ManyComputers extends ManyPorts {
  readonly pid: number;
  /** `ldap://localhost:PORT`. */
  readonly url: string;
  /** What the command and libraries need: KRB5_CONFIG, KRB5CCNAME, DOUBLEHOP_LDAP, … */
  readonly environment: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

/** Makes the domain below `dir` and starts its controller; the middle is JUMPBOX. */
export async function startManyComputers(dir: string, size: number): Promise<ManyComputers> {
  mkdirSync(dir, { recursive: true });
  const program = fileURLToPath(new URL('many-computers-process.ts', import.meta.url));
  const child: ChildProcess = fork(program, [dir, String(size)], {
    execArgv: ['--conditions=@doublehop/source'],
  });
  const exited = once(child, 'exit');
  const ready = once(child, 'message');
  const ports: unknown = await Promise.race([ready.then(([message]) => message), exited]);
  if (!isPorts(ports) || child.pid === undefined) throw new Error('the domain did not start');
  const { kdcPort, ldapPort } = ports;
  const krb5Config = join(dir, 'krb5.conf');
  writeFileSync(krb5Config, krb5Conf(kdcPort));
  const url = `ldap://localhost:${ldapPort}`;
  return {
    ...ports,
    pid: child.pid,
    url,
    environment: {
      KRB5_CONFIG: krb5Config,
      KRB5CCNAME: `FILE:${join(dir, 'ccache')}`,
      DOUBLEHOP_LDAP: url,
      DOUBLEHOP_LAB: '',
      XDG_STATE_HOME: join(dir, 'state'),
    },
    stop: async () => {
      child.disconnect();
      await exited;
    },
  };
}

function isPorts(value: unknown): value is ManyPorts {
  return typeof value === 'object' && value !== null && 'kdcPort' in value && 'ldapsPort' in value;
}

function krb5Conf(kdcPort: number): string {
  return `[libdefaults]
  default_realm = ${REALM}
  dns_lookup_kdc = false
  dns_canonicalize_hostname = false
  rdns = false
[realms]
  ${REALM} = {
    kdc = 127.0.0.1:${kdcPort}
  }
[domain_realm]
  localhost = ${REALM}
  .many.example = ${REALM}
`;
}
