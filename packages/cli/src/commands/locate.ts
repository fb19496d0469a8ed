import { locate, type LocateOptions, type Located } from '@doublehop/admin/connect/locate';
import { ldapPing, type Ping, type PingAnswer } from '@doublehop/admin/connect/ping';
import { parseLdapUrl } from '@doublehop/ldap/url';
import { DsFlag } from '@doublehop/security/netlogon/flags';
import { Command } from 'commander';
import { type Context, EXIT } from '../context.ts';
import { readConfiguration } from '../kerberos/configuration.ts';
import { printJson } from '../output/json.ts';
import { printable, renderTable } from '../output/table.ts';

interface LocateCommandOptions {
  readonly site?: string;
  readonly server?: string;
  readonly json?: true;
}

/** `doublehop locate`: the controllers that commands would use, and what each says about itself. */
export function command(context: Context): Command {
  return new Command('locate')
    .description(
      'Find the controllers of a domain as every command does, the first choice first, and ask ' +
        'each of them by LDAP ping what it is. Nothing is logged on to.',
    )
    .argument('[domain]', 'DNS name; default: your realm')
    .option('--site <name>', 'site whose controllers come first; default: your own')
    .option('--server <host|url>', 'ask this controller and no others')
    .option('--json', 'print as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (domain: string | undefined, options: LocateCommandOptions) => {
      await show(context, domain, options);
    });
}

const EXAMPLES = `
Examples:
  $ doublehop locate
  $ doublehop locate fabrikam.com --site London

Exit code 2: none of them answers.`;

/** A controller with its answer, where it gave one. */
interface Asked {
  readonly url: string;
  readonly answer: PingAnswer | undefined;
}

async function show(
  context: Context,
  named: string | undefined,
  { site, server, json }: LocateCommandOptions,
): Promise<void> {
  const { config } = readConfiguration(context);
  const domain = named ?? config.libdefaults.defaultRealm;
  const ping = ldapPing(context);
  const options: LocateOptions = { ...context, server, domain, site, config, ping };
  const found = await locate(options);
  const name = (domain ?? '').toLowerCase();
  const asked = await Promise.all(found.urls.map(async (url) => await ask(ping, url, name)));
  if (!asked.some(({ answer }) => answer !== undefined)) context.exitCode = EXIT.refused;
  if (json === true) printJson(context, asJson(name, found, asked));
  else context.out(asText(name, found, asked));
}

/** A ping goes to the port of LDAP, which a URL of LDAPS does not tell (MS-ADTS 6.3.3). */
async function ask(ping: Ping, url: string, domain: string): Promise<Asked> {
  const { host, port, scheme } = parseLdapUrl(url);
  const controller = { host, port: scheme === 'ldaps' ? 389 : port };
  const answer = await ping(controller, domain, AbortSignal.timeout(WAIT));
  return { url, answer };
}

/** Milliseconds for each answer. */
const WAIT = 1_500;

function asText(domain: string, found: Located, asked: readonly Asked[]): string {
  const rows = asked.map(({ url, answer }) => [
    url,
    answer?.site ?? '-',
    answer === undefined ? 'no answer' : rolesOf(answer).join(', '),
  ]);
  const site = siteOf(found, asked);
  const sources = { name: 'as named', dns: 'by DNS', 'krb5.conf': 'by krb5.conf' } as const;
  const about = [domain, sources[found.by], site === undefined ? '' : `your site: ${site}`];
  const head = about.filter((text) => text !== '').join('; ');
  return `${printable(head)}\n\n${renderTable(['CONTROLLER', 'SITE', 'IS'], rows)}`;
}

function siteOf({ choice }: Located, asked: readonly Asked[]): string | undefined {
  const told = asked.find(({ answer }) => answer !== undefined)?.answer?.clientSite;
  return told === undefined || told === '' ? choice?.answer?.clientSite : told;
}

/** DS_FLAG in words (MS-ADTS 6.3.1.2). */
function rolesOf({ flags, closest, writable }: PingAnswer): readonly string[] {
  return [
    ...(closest ? ['closest'] : []),
    writable ? 'writable' : 'read-only',
    ...((flags & DsFlag.PDC) === 0 ? [] : ['PDC']),
    ...((flags & DsFlag.GC) === 0 ? [] : ['GC']),
    ...((flags & DsFlag.KDC) === 0 ? ['no KDC'] : []),
  ];
}

function asJson(domain: string, found: Located, asked: readonly Asked[]): unknown {
  return {
    domain,
    by: found.by,
    site: siteOf(found, asked) ?? null,
    controllers: asked.map(({ url, answer }) => ({
      url,
      answers: answer !== undefined,
      ...(answer === undefined
        ? {}
        : {
            name: answer.controller,
            forest: answer.forest,
            site: answer.site,
            is: rolesOf(answer),
          }),
    })),
  };
}
