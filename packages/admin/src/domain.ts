import { textOf, valuesOf } from '@doublehop/ldap/client/entry';
import { equals, everything } from '@doublehop/ldap/filter';
import { decodeSid, type Sid } from '@doublehop/security/sid';
import { type DirectoryClient, firstEntries } from './directory-client.ts';
import { AdminError } from './errors.ts';

/** What a controller tells about its domain. */
export interface DomainFacts {
  /** `DC=contoso,DC=com`. */
  readonly namingContext: string;
  /** `contoso.com`. */
  readonly dnsName: string;
  /** `CONTOSO`. */
  readonly netbiosName: string;
  readonly sid: Sid | undefined;
  /** DNS name of the controller that answered. */
  readonly controller: string | undefined;
}

/** Reads the rootDSE (MS-ADTS 3.1.1.3.2) and the domain's own entries. Throws what LDAP throws. */
export async function readDomain(client: DirectoryClient): Promise<DomainFacts> {
  const root = await readRootDse(client);
  const { namingContext } = root;
  if (namingContext === undefined) {
    throw new AdminError(
      'no-controller',
      'the server names no defaultNamingContext, so it is no domain controller; name one',
    );
  }
  const dnsName = dnsNameOf(namingContext);
  const [head] = await firstEntries(
    client.search({ base: namingContext, scope: 'base', attributes: ['objectSid'] }),
    1,
  );
  const sid = head === undefined ? undefined : valuesOf(head, 'objectSid')[0];
  return {
    namingContext,
    dnsName,
    netbiosName: (await readNetbiosName(client, root)) ?? firstLabel(dnsName),
    sid: sid === undefined ? undefined : decodeSid(sid),
    controller: root.controller,
  };
}

/** What a rootDSE tells, which may be read before any bind (MS-ADTS 3.1.1.3.2). */
export interface RootDse {
  readonly namingContext: string | undefined;
  readonly configuration: string | undefined;
  readonly controller: string | undefined;
}

export async function readRootDse(client: Pick<DirectoryClient, 'search'>): Promise<RootDse> {
  const attributes = ['defaultNamingContext', 'configurationNamingContext', 'dnsHostName'];
  const search = client.search({ base: '', scope: 'base', filter: everything, attributes });
  const [root] = await firstEntries(search, 1);
  return {
    namingContext: root && textOf(root, 'defaultNamingContext'),
    configuration: root && textOf(root, 'configurationNamingContext'),
    controller: root && textOf(root, 'dnsHostName'),
  };
}

/** `DC=contoso,DC=com` as `contoso.com`. */
function dnsNameOf(namingContext: string): string {
  return namingContext
    .split(',')
    .map((part) => part.replace(/^\s*dc\s*=\s*/i, '').trim())
    .join('.');
}

/** Whether a text names this domain: its NetBIOS or DNS name, or its realm. */
export function namesDomain({ dnsName, netbiosName }: DomainFacts, text: string): boolean {
  const name = text.toLowerCase();
  return name === dnsName.toLowerCase() || name === netbiosName.toLowerCase();
}

/** nETBIOSName of the domain's crossRef (MS-ADTS 6.1.1.2.1.1.1). */
async function readNetbiosName(
  client: DirectoryClient,
  { namingContext, configuration }: RootDse,
): Promise<string | undefined> {
  if (namingContext === undefined || configuration === undefined) return undefined;
  const search = client.search({
    base: `CN=Partitions,${configuration}`,
    scope: 'one',
    filter: equals('nCName', namingContext),
    attributes: ['nETBIOSName'],
  });
  try {
    const [crossRef] = await firstEntries(search, 1);
    return crossRef && textOf(crossRef, 'nETBIOSName');
  } catch {
    // Who may not read the configuration sees the first label of the DNS name, as is usual.
    return undefined;
  }
}

function firstLabel(dnsName: string): string {
  return (dnsName.split('.')[0] ?? dnsName).toUpperCase();
}
