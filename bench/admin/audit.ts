// An audit beside OpenLDAP's ldapsearch, which reads the same attributes by the same pages, and
// impacket's findDelegation: all as Administrator, by Kerberos, against our own controller. Needs
// root, for ports and names.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { AUDIT_ATTRIBUTES } from '../../packages/admin/src/audit/collect.ts';
import { withHosts } from '../../test/support/hosts.ts';
import { impacketScript } from '../../test/support/packages.ts';
import { runOrThrow } from '../../test/support/run.ts';
import { makeTempDir, removeDir } from '../../test/support/temp.ts';
import { median } from '../kdc/report.ts';

/** How the domain in the other process is reached. */
interface Reached {
  readonly address: string;
  readonly host: string;
  readonly hosts: string;
  readonly realm: string;
  readonly env: Readonly<Record<string, string>>;
  readonly administrator: { readonly name: string; readonly password: string };
  readonly baseDn: string;
  readonly pid: number;
}

/** What one size came to: medians of rounds, in milliseconds and octets. */
interface AuditLine {
  readonly computers: number;
  readonly ldapsearch: number;
  readonly audit: number;
  /** Of the whole process, its start and its logon included. */
  readonly auditProcess: number;
  readonly ratio: number;
  readonly findings: number;
  readonly peakMiB: number;
  readonly findDelegation: number;
  /** Lines that findDelegation printed: it reads no more than 999 accounts. */
  readonly findDelegationLines: number;
}

const ROUNDS = 3;
const TIMEOUT = 900_000;
const SOURCES = '--conditions=@doublehop/source';

/** Measures an audit of so many computers. */
async function measureAudit(computers: number): Promise<AuditLine> {
  const dir = makeTempDir('bench-audit');
  const program = fileURLToPath(new URL('audit-server.ts', import.meta.url));
  const child = fork(program, [dir, String(computers)], { execArgv: [SOURCES] });
  const exited = once(child, 'exit');
  try {
    const ready = once(child, 'message').then(([message]) => message as Reached);
    const reached = await Promise.race([ready, exited.then(() => undefined)]);
    if (reached === undefined) throw new Error('the domain did not start');
    return await measure(reached, computers, dir);
  } finally {
    if (child.connected) child.disconnect();
    await exited;
    removeDir(dir);
  }
}

async function measure(domain: Reached, computers: number, dir: string): Promise<AuditLine> {
  const { hosts, host, address, env, realm, administrator, baseDn } = domain;
  const { name, password } = administrator;
  await runOrThrow('kinit', [name], { env, input: `${password}\n` });
  const inside = async (
    command: string,
    args: readonly string[],
    more: Readonly<Record<string, string | undefined>> = {},
  ): Promise<[number, string]> => {
    const start = performance.now();
    const { stdout, stderr, status } = await withHosts(hosts, command, args, {
      env: { ...env, HOME: dir, ...more },
      cwd: dir,
      timeout: TIMEOUT,
    });
    if (status !== 0) throw new Error(`${command}: ${stderr}`);
    return [performance.now() - start, stdout];
  };
  const search = ldapsearchLine(host, baseDn);
  const client = fileURLToPath(new URL('audit-client.ts', import.meta.url));
  const searches: number[] = [];
  const audits: { readonly took: number; readonly result: ClientResult }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [took] = await inside('sh', ['-c', search]);
    searches.push(took);
    const args = [SOURCES, client, host, realm, address, password];
    const [whole, stdout] = await inside(process.execPath, args);
    audits.push({ took: whole, result: JSON.parse(stdout) as ClientResult });
  }
  const [python, script] = impacketScript('findDelegation');
  const driver = fileURLToPath(
    new URL('../../test/interop/impacket-whole-answers.py', import.meta.url),
  );
  const asked = [driver, host, script, '-k', '-dc-ip', address, `${realm}/${name}:${password}`];
  const [delegation, lines] = await inside(python, asked, { KRB5CCNAME: undefined });
  const ldapsearch = median(searches);
  const audit = median(audits.map(({ result }) => result.milliseconds));
  const auditProcess = median(audits.map(({ took }) => took));
  return {
    computers,
    ldapsearch: Math.round(ldapsearch),
    audit: Math.round(audit),
    auditProcess: Math.round(auditProcess),
    ratio: Number((auditProcess / ldapsearch).toFixed(2)),
    findings: audits[0]?.result.findings ?? 0,
    peakMiB: Math.round(median(audits.map(({ result }) => result.rssPeak)) / 1_048_576),
    findDelegation: Math.round(delegation),
    findDelegationLines: lines.split('\n').filter((line) => /Constrained/.test(line)).length,
  };
}

/** What audit-client.ts prints. */
interface ClientResult {
  readonly milliseconds: number;
  readonly rssPeak: number;
  readonly findings: number;
}

/** The same pages, attributes and parts of descriptors, thrown away as they come. */
function ldapsearchLine(host: string, baseDn: string): string {
  const sdFlags = '1.2.840.113556.1.4.801=::MAMCAQc=';
  const options = `-Q -N -Y GSSAPI -LLL -o ldif-wrap=no -E pr=1000/noprompt -E '${sdFlags}'`;
  const attributes = AUDIT_ATTRIBUTES.join(' ');
  const asked = `-b '${baseDn}' '(objectClass=user)' ${attributes}`;
  return `ldapsearch ${options} -H ldap://${host} ${asked} > /dev/null`;
}

/** Measures audits of domains of several sizes, and what each further account takes in memory. */
export async function* measureAudits(sizes: readonly number[]): AsyncGenerator<object> {
  const lines: AuditLine[] = [];
  for (const size of sizes) {
    const line = await measureAudit(size);
    lines.push(line);
    yield { case: 'audit', ...line };
  }
  const [small, large] = [lines[0], lines.at(-1)];
  if (small === undefined || large === undefined || small === large) return;
  const octets = (large.peakMiB - small.peakMiB) * 1_048_576;
  const octetsAnAccount = Math.round(octets / (large.computers - small.computers));
  yield { case: 'audit memory', octetsAnAccount };
}
