import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { defaultEncryptionTypes } from '@doublehop/crypto/policy';
import { Directory } from '@doublehop/directory/directory';
import { lmdbStore } from '@doublehop/directory/store/lmdb';
import type { Store } from '@doublehop/directory/store/store';
import { createDomain, type NewDomain } from '@doublehop/domain-controller/create-domain';
import {
  createDomainController,
  type DomainController,
  type Endpoints,
} from '@doublehop/domain-controller/dc';
import { WELL_KNOWN_PORTS } from '@doublehop/domain-controller/listeners';
import type { KdcSettings } from '@doublehop/domain-controller/kdc/settings';
import { LENIENT } from '@doublehop/domain-controller/lenient';
import { formatProfile } from '@doublehop/kerberos/config/format-profile';
import { makeFolder } from '@doublehop/lab/folder/files';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { checkCommand } from '../dc/check.ts';
import { exportKeysCommand } from '../dc/export-keys.ts';
import { rolloverKrbtgtCommand } from '../dc/rollover-krbtgt.ts';
import { readPassword } from '../input/secret.ts';
import { printJson } from '../output/json.ts';

interface DcOptions {
  readonly domain?: string;
  readonly netbios?: string;
  readonly name: string;
  readonly dir?: string;
  readonly address: string;
  readonly kdcPort?: number;
  readonly kpasswdPort?: number;
  readonly ldapPort?: number;
  readonly ldapsPort?: number;
  readonly gcPort?: number;
  readonly gcsPort?: number;
  readonly privilegedPorts?: true;
  readonly passwordFile?: string;
  readonly legacyRc4?: true;
  readonly ntlm?: true;
  readonly fast: KdcSettings['fast'];
  readonly lenient?: true;
  readonly audit?: true;
  readonly json?: true;
}

/** `doublehop dc`: one domain controller in the foreground, until it is told to stop. */
export function command(context: Context): Command {
  const port = (flags: string, what: string): Option =>
    new Option(flags, what).argParser(parsePort);
  return new Command('dc')
    .description(
      'Run a domain controller (KDC and LDAP) in the foreground until Ctrl-C. The first run ' +
        "makes the domain and asks for the Administrator's password; later runs go on with it.",
    )
    .option('--domain <dns name>', 'such as corp.example; needed by the first run')
    .option('--netbios <name>', 'default: the first label of the DNS name, in capitals')
    .option('--name <name>', 'NetBIOS name of the controller', 'DC')
    .option('--dir <folder>', 'where the domain is kept')
    .addOption(
      new Option('--address <ip>', 'address to listen on')
        .argParser(parseAddress)
        .default('127.0.0.1'),
    )
    .addOption(port('--kdc-port <n>', 'UDP and TCP; 0: a free one'))
    .addOption(port('--kpasswd-port <n>', 'UDP and TCP; 0: a free one'))
    .addOption(port('--ldap-port <n>', 'TCP, and UDP for pings; 0: a free one'))
    .addOption(port('--ldaps-port <n>', '0: a free one'))
    .addOption(port('--gc-port <n>', 'global catalog; 0: a free one'))
    .addOption(port('--gcs-port <n>', 'global catalog with TLS; 0: a free one'))
    .option('--privileged-ports', 'the usual ports: 88, 464, 389, 636, 3268, 3269')
    .option('--password-file <file>', 'the new Administrator\'s password; "-": standard input')
    .option('--legacy-rc4', 'a new domain: keep and use RC4 keys too, which are weak')
    .option('--ntlm', 'take NTLMv2 over LDAP, of accounts that have RC4 keys')
    .addOption(
      new Option('--fast <mode>', 'FAST armor: off, supported, or required of users')
        .choices(['off', 'supported', 'required'])
        .default('supported'),
    )
    .option('--lenient', 'take requests of old clients that leave out a checksum')
    .option('--audit', 'print one JSON line for each request to KDC, kpasswd and LDAP')
    .option('--json', 'print the addresses as JSON')
    .addHelpText('after', EXAMPLES)
    .enablePositionalOptions()
    .addCommand(checkCommand(context))
    .addCommand(exportKeysCommand(context))
    .addCommand(rolloverKrbtgtCommand(context))
    .action(async (options: DcOptions) => {
      await run(context, options);
    });
}

const EXAMPLES = `
Ports that are not named are the usual ones where none is named at all, or with
--privileged-ports; else free ones. Those below 1024 need the right to use them.
FOLDER/krb5.conf is written for clients, and FOLDER/ca.pem, which clients of
LDAPS have to trust.

Example:
  $ doublehop dc --domain corp.example --dir ./corp \\
      --kdc-port 8888 --ldap-port 3389 --ldaps-port 6636`;

async function run(context: Context, options: DcOptions): Promise<void> {
  if (options.dir === undefined) throw new UsageError('where is the domain kept? Give --dir');
  const dir = resolve(options.dir);
  const path = join(dir, 'store');
  // Whatever is wrong with a new domain is told before there is a folder.
  const fresh = existsSync(path) ? undefined : await newDomain(context, options);
  await makeFolder(dir);
  const store = await lmdbStore({ path, preload: true });
  try {
    await ensureDomain(context, options, store, fresh);
    const controller = controllerOf(context, options, store);
    const endpoints = await controller.start();
    try {
      await writeClientFiles(dir, controller, endpoints);
      announce(context, options, { dir, controller, endpoints });
      await untilStopped();
    } finally {
      await controller.close();
    }
  } finally {
    await store.close();
  }
}

async function ensureDomain(
  context: Context,
  options: DcOptions,
  store: Store,
  fresh: NewDomain | undefined,
): Promise<void> {
  const { clock, random } = context;
  const directory = new Directory({ store, clock, random });
  const { domain } = directory;
  if (domain === undefined) {
    const made = fresh ?? (await newDomain(context, options));
    context.err(`Making ${made.dnsName} …\n`);
    await createDomain(directory, made, random);
    return;
  }
  const wanted = options.domain?.toLowerCase();
  if (wanted === undefined || wanted === domain.dnsName.toLowerCase()) return;
  throw new UsageError(
    `--dir: it holds ${domain.dnsName}, not ${wanted}; choose another, or leave --domain out`,
  );
}

async function newDomain(context: Context, options: DcOptions): Promise<NewDomain> {
  const { domain, netbios, name, passwordFile } = options;
  if (domain === undefined) {
    throw new UsageError('--dir: there is no domain in it yet; name one with --domain');
  }
  const dnsName = checkDomainName(domain.toLowerCase());
  const netbiosName = (netbios ?? dnsName.split('.')[0] ?? '').toUpperCase();
  if (!NETBIOS.test(netbiosName) || !NETBIOS.test(name)) {
    throw new UsageError('--netbios and --name: at most 15 letters, digits and hyphens');
  }
  const prompt = `New password for Administrator@${dnsName.toUpperCase()}`;
  return {
    dnsName,
    netbiosName,
    administratorPassword: await readPassword(context, prompt, passwordFile),
    controllerName: name.toUpperCase(),
    controllerAliases: ['localhost'],
    ...(options.legacyRc4 === true ? { encryptionTypes: LEGACY_TYPES } : {}),
  };
}

/** The usual types, and RC4 after all of them. */
const LEGACY_TYPES = [...defaultEncryptionTypes, 23];

/** A NetBIOS name as Active Directory takes it (MS-ADTS 6.1.1.2.1.1, RFC 1001 §14). */
const NETBIOS = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,13}[A-Za-z0-9])?$/;

function checkDomainName(text: string): string {
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
  if (new RegExp(`^${label}(?:\\.${label})+$`).test(text) && text.length <= 64) return text;
  throw new UsageError(`--domain: "${text}" is no DNS name of a domain; corp.example is one`);
}

function controllerOf(
  { clock, random, out, err }: Context,
  options: DcOptions,
  store: Store,
): DomainController {
  const { address, fast, ntlm = false, lenient = false } = options;
  const print = (event: object): void => out(`${JSON.stringify(event)}\n`);
  return createDomainController({
    store,
    controllerName: options.name.toUpperCase(),
    listen: { address, ...portsOf(options) },
    kdc: { fast, ...(lenient ? LENIENT.kdc : {}) },
    ldap: { ntlm: ntlm ? 'v2' : 'off', ...(lenient ? LENIENT.ldap : {}) },
    clock,
    random,
    ...(options.audit === true ? { audit: print, passwordAudit: print, ldapAudit: print } : {}),
    onDefect: (error) =>
      err(`defect: ${error instanceof Error ? (error.stack ?? '') : 'unknown'}\n`),
  });
}

type Ports = Omit<Endpoints, 'address'>;

/** All the well-known ports, which clients look for; or free ones beside those that are named. */
function portsOf(options: DcOptions): Partial<Ports> {
  const { kdcPort, kpasswdPort, ldapPort, ldapsPort, gcPort, gcsPort } = options;
  const given = { kdcPort, kpasswdPort, ldapPort, ldapsPort, gcPort, gcsPort };
  const named = Object.entries(given).filter(([, port]) => port !== undefined);
  const usual = options.privilegedPorts === true || named.length === 0;
  return { ...(usual ? WELL_KNOWN_PORTS : {}), ...Object.fromEntries(named) };
}

async function writeClientFiles(
  dir: string,
  { domain, certificate }: DomainController,
  { address, kdcPort, kpasswdPort }: Endpoints,
): Promise<void> {
  const { realm, dnsName } = domain;
  const host = address.includes(':') ? `[${address}]` : address;
  const text = formatProfile({
    libdefaults: {
      default_realm: realm,
      dns_lookup_kdc: 'false',
      dns_canonicalize_hostname: 'false',
      rdns: 'false',
      forwardable: 'true',
    },
    realms: {
      [realm]: { kdc: `${host}:${kdcPort}`, kpasswd_server: `${host}:${kpasswdPort}` },
    },
    domain_realm: { [`.${dnsName}`]: realm, [dnsName]: realm, localhost: realm },
  });
  await writeFile(join(dir, 'krb5.conf'), text);
  await writeFile(join(dir, 'ca.pem'), certificate);
}

interface Running {
  readonly dir: string;
  readonly controller: DomainController;
  readonly endpoints: Endpoints;
}

function announce(context: Context, { json, name }: DcOptions, running: Running): void {
  const { dir, controller, endpoints } = running;
  const { domain } = controller;
  const { address, kdcPort, kpasswdPort, ldapPort, ldapsPort, gcPort, gcsPort } = endpoints;
  const host = address === '127.0.0.1' ? 'localhost' : address;
  if (json === true) {
    const { dnsName, realm } = domain;
    printJson(context, { dnsName, realm, controller: name, dir, pid: process.pid, ...endpoints });
    return;
  }
  context.out(
    [
      `${name} of ${domain.dnsName} is ready on ${address}: KDC ${kdcPort}, ` +
        `kpasswd ${kpasswdPort}, LDAP ${ldapPort}, LDAPS ${ldapsPort}, ` +
        `global catalog ${gcPort} and ${gcsPort}`,
      'Use it from another shell:',
      `  export KRB5_CONFIG=${join(dir, 'krb5.conf')}`,
      `  export DOUBLEHOP_LDAP=ldap://${host}:${ldapPort}`,
      '  doublehop kinit Administrator',
      'Ctrl-C ends it.',
      '',
    ].join('\n'),
  );
}

async function untilStopped(): Promise<void> {
  await new Promise<void>((stop) => {
    const end = (): void => {
      process.removeListener('SIGINT', end).removeListener('SIGTERM', end);
      stop();
    };
    process.on('SIGINT', end).on('SIGTERM', end);
  });
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a port from 0 to 65535.');
}

function parseAddress(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new InvalidArgumentError('It must be an IP address such as 127.0.0.1.');
}
