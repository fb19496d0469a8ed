import type { KerberosClient } from '@doublehop/kerberos/client/client';
import { etypeNumber } from '@doublehop/kerberos/config/etype-names';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { KerberosError } from '@doublehop/kerberos/errors';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { formatPrincipal, type Principal, ticketGrantingService } from '@doublehop/kerberos/names';
import { Command } from 'commander';
import { type Context, EXIT } from '../context.ts';
import { oneLine, UsageError } from '../errors.ts';
import { addCredentialOptions, type CredentialOptions, identityOf } from '../kerberos/client.ts';
import {
  type KerberosConfiguration,
  openCache,
  servicePrincipal,
  userPrincipal,
} from '../kerberos/configuration.ts';
import { ticketJson, ticketKvno } from '../kerberos/listing.ts';
import { explainRefusal, type Refusal } from '../kerberos/refusal.ts';
import { printJson } from '../output/json.ts';

interface KvnoOptions extends CredentialOptions {
  readonly etype?: string;
  readonly forUser?: string;
  readonly proxy?: true;
  readonly compat?: true;
  readonly u2u?: string;
  readonly outCache?: string;
  readonly json?: true;
}

/** `doublehop kvno`: service tickets, also by S4U2Self and S4U2Proxy. */
export function command(context: Context): Command {
  const kvno = new Command('kvno')
    .description(
      'Get tickets for services and print the version of their keys. With --for-user, get a ' +
        'ticket of that user to yourself (S4U2Self); with --proxy too, go on to the service as ' +
        'that user (S4U2Proxy): the double hop, as a middle does it.',
    )
    .argument('<service...>', 'such as cifs/serverc.contoso.com')
    .option('-e, --etype <name>', 'ask for this encryption type alone')
    .option('-U, --for-user <name>', 'for this user, by protocol transition')
    .option('-P, --proxy', 'with --for-user: to the service, by delegation')
    .option('--u2u <cache>', 'user to user: for whoever has the TGT in this cache')
    .option('--compat', 'send PA-FOR-USER too, for Heimdal and Samba')
    .option('--out-cache <name>', 'write the tickets into this cache')
    .option('--json', 'print as JSON');
  return addCredentialOptions(kvno)
    .addHelpText('after', EXAMPLES)
    .action(async (services: readonly string[], options: KvnoOptions) => {
      await run(context, services, options);
    });
}

const EXAMPLES = `
Examples:
  $ doublehop kvno HTTP/serverb.contoso.com
  $ doublehop kvno --keytab serverb.keytab -U alice -P \\
      HTTP/serverc.contoso.com

Exit code 2: the KDC refused, and why.`;

interface Outcome {
  readonly service: string;
  readonly ticket?: Credentials;
  readonly error?: KerberosError;
}

async function run(
  context: Context,
  services: readonly string[],
  options: KvnoOptions,
): Promise<void> {
  if (options.proxy === true && options.forUser === undefined) {
    throw new UsageError('--proxy needs --for-user: on behalf of whom?');
  }
  const etypes = options.etype === undefined ? undefined : [etypeOf(options.etype)];
  if (options.u2u !== undefined && options.forUser !== undefined) {
    throw new UsageError('--u2u and --for-user: one of them');
  }
  const { client, configuration } = await identityOf(context, options);
  const theirTgt =
    options.u2u === undefined ? undefined : await tgtOf(context, configuration, options.u2u);
  const targets = services.map((text) => ({ text, server: servicePrincipal(text, configuration) }));
  await client.getTgt();
  const outcomes: Outcome[] = [];
  for (const { text, server } of targets) {
    outcomes.push(
      await attempt(text, async () => {
        const request = { server, etypes, options, configuration, theirTgt };
        return await getTicket(client, request);
      }),
    );
  }
  const tickets = outcomes.flatMap(({ ticket }) => ticket ?? []);
  if (options.outCache !== undefined) await save(context, configuration, options.outCache, tickets);
  report(context, options, outcomes);
}

interface TicketRequest {
  readonly server: Principal;
  readonly etypes: readonly number[] | undefined;
  readonly options: KvnoOptions;
  readonly configuration: KerberosConfiguration;
  /** The server's TGT, for user to user. */
  readonly theirTgt: Uint8Array | undefined;
}

/** The TGT of a cache, which its owner has to give for user-to-user tickets. */
async function tgtOf(
  context: Context,
  configuration: KerberosConfiguration,
  name: string,
): Promise<Uint8Array> {
  const cache = openCache(context, configuration, name);
  const client = await cache.principal();
  const found = await cache.find({ client, server: ticketGrantingService(client.realm) });
  if (found === undefined) throw new UsageError(`--u2u: ${name} has no ticket-granting ticket`);
  return found.ticket;
}

async function getTicket(client: KerberosClient, request: TicketRequest): Promise<Credentials> {
  const { server, etypes, options, configuration, theirTgt } = request;
  if (theirTgt !== undefined) return await client.userToUser(server, theirTgt, { etypes });
  if (options.forUser === undefined) return await client.getServiceTicket(server, { etypes });
  const user = impersonated(options.forUser, configuration);
  const { compat } = options;
  if (options.proxy === true) {
    const evidence = await client.impersonate(user, { compat });
    return await client.proxy(evidence, server, { etypes });
  }
  return await client.impersonate(user, { compat, server: server.name });
}

/** A name with another suffix than a realm's is a UPN: its realm has to be found. */
function impersonated(text: string, configuration: KerberosConfiguration): Principal {
  const { defaultRealm } = configuration.config.libdefaults;
  const suffix = /@([^@]+)$/.exec(text)?.[1];
  const known =
    suffix === undefined ||
    suffix.toUpperCase() === defaultRealm?.toUpperCase() ||
    configuration.config.realms.has(suffix.toUpperCase());
  if (known || defaultRealm === undefined) return userPrincipal(text, configuration);
  return { name: { nameType: NameType.ENTERPRISE, nameString: [text] }, realm: defaultRealm };
}

async function attempt(service: string, get: () => Promise<Credentials>): Promise<Outcome> {
  try {
    return { service, ticket: await get() };
  } catch (error) {
    if (error instanceof KerberosError) return { service, error };
    throw error;
  }
}

async function save(
  context: Context,
  configuration: KerberosConfiguration,
  name: string,
  tickets: readonly Credentials[],
): Promise<void> {
  const [first] = tickets;
  if (first === undefined) return;
  const cache = openCache(context, configuration, name);
  await cache.initialize(first.client);
  for (const ticket of tickets) await cache.store(ticket);
}

function report(context: Context, { json }: KvnoOptions, outcomes: readonly Outcome[]): void {
  const refusals = outcomes.flatMap(({ error }) => (error === undefined ? [] : [error]));
  if (refusals.length > 0) {
    const byKdc = refusals.every(({ detail }) => detail.errorCode !== undefined);
    context.exitCode = byKdc ? EXIT.refused : EXIT.error;
  }
  if (json === true) {
    printJson(context, { tickets: outcomes.map(outcomeJson) });
    return;
  }
  for (const { service, ticket, error } of outcomes) {
    if (ticket !== undefined) context.out(`${ticketLine(ticket)}\n`);
    if (error !== undefined) context.err(refusalText(service, error, explainRefusal(error)));
  }
}

function ticketLine(ticket: Credentials): string {
  const kvno = ticketKvno(ticket);
  return `${formatPrincipal(ticket.server)}: kvno = ${kvno ?? 'not told'}`;
}

function refusalText(service: string, error: KerberosError, refusal: Refusal | undefined): string {
  const lines = [`doublehop kvno: ${service}: ${oneLine(error.message)}`];
  if (refusal?.status !== undefined) lines.push(`  NTSTATUS: ${refusal.status}`);
  if (refusal?.meaning !== undefined) lines.push(`  meaning:  ${refusal.meaning}`);
  if (refusal?.fix !== undefined) lines.push(`  to do:    ${refusal.fix}`);
  return lines.map((line) => `${line}\n`).join('');
}

function outcomeJson({ service, ticket, error }: Outcome): unknown {
  if (ticket !== undefined) return { service, ticket: ticketJson(ticket) };
  if (error === undefined) return { service };
  const { errorCode, errorText, ntStatus } = error.detail;
  const refusal = explainRefusal(error);
  return {
    service,
    error: {
      code: error.code,
      message: error.message,
      errorCode: errorCode ?? null,
      errorText: errorText ?? null,
      ntStatus: ntStatus ?? null,
      ...refusal,
    },
  };
}

function etypeOf(name: string): number {
  const etype = etypeNumber(name) ?? (/^\d{1,5}$/.test(name) ? Number(name) : undefined);
  if (etype !== undefined) return etype;
  throw new UsageError(`--etype: "${name}" is no encryption type; aes256-cts is one`);
}
