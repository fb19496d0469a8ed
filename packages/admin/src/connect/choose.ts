import type { RandomSource } from '@doublehop/crypto/random';
import type { Resolver } from '@doublehop/kerberos/locate/resolver';
import { deniesService, orderSrv } from '@doublehop/kerberos/locate/srv';
import { MAX_CONTROLLERS, PING_INTERVAL, PING_WAIT } from '../limits.ts';
import type { Ping, PingAnswer } from './ping.ts';

/** A controller that the DNS names. */
export interface Controller {
  readonly host: string;
  /** Of LDAP. */
  readonly port: number;
}

/** How the controllers of a domain are put in order. */
export interface ChooseOptions {
  /** DNS name. */
  readonly domain: string;
  /** The site whose controllers come first; absent: the one that a controller says is ours. */
  readonly site?: string | undefined;
  readonly resolver: Pick<Resolver, 'srv'>;
  readonly random: RandomSource;
  /** Absent: the order of the DNS is enough. */
  readonly ping?: Ping | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was found. */
export interface Choice {
  /** The best first. */
  readonly controllers: readonly Controller[];
  /** The site that was looked in first; undefined where none is known. */
  readonly site: string | undefined;
  /** Whether the DNS knows controllers of that site. */
  readonly siteServed: boolean;
  /** What the first controller answered, where it was asked. */
  readonly answer: PingAnswer | undefined;
}

/**
 * Controllers by DNS and ping, as Windows' locator finds them (MS-ADTS 6.3.6): one is asked for our
 * site, those of this site come first, and whoever answered before the silent. Read-only ones come
 * last: they take no writes. Rejects as the DNS does.
 */
export async function chooseControllers(options: ChooseOptions): Promise<Choice> {
  const { site, domain } = options;
  if (site !== undefined) {
    const [local, all] = await Promise.all([
      askDns(options, sitePrefix(site)),
      askDns(options, ''),
    ]);
    const found = await survey(options, local);
    return choice([found, local, all], { site, siteServed: local.length > 0 });
  }
  const all = await askDns(options, '');
  // Where there is no choice nobody needs to be asked.
  if (all.length < 2) return { ...NOTHING, controllers: all };
  const near = await survey(options, all);
  const clientSite = near?.answer.clientSite ?? '';
  if (near === undefined || clientSite === '') return choice([near, all], NOTHING);
  if (near.answer.closest && near.answer.writable) {
    return choice([near, all], { site: clientSite, siteServed: true });
  }
  const local = isLabel(clientSite)
    ? await askDns({ ...options, domain }, sitePrefix(clientSite))
    : [];
  const found = await survey(options, local);
  const order = found === undefined ? [local, near, all] : [found, local, near, all];
  return choice(order, { site: clientSite, siteServed: local.length > 0 });
}

const NOTHING = { site: undefined, siteServed: false, answer: undefined } as const;

/** Whether a text can be a label of a DNS name: sites are (MS-ADTS 6.1.1.2.2.1). */
export function isLabel(text: string): boolean {
  return /^[\w-]{1,63}$/.test(text);
}

function sitePrefix(site: string): string {
  return `${site.toLowerCase()}._sites.`;
}

/** `_ldap._tcp.SITE._sites.dc._msdcs.DOMAIN`, `_ldap._tcp.dc._msdcs.DOMAIN` (MS-ADTS 6.3.2.3). */
async function askDns(
  { resolver, random, domain }: ChooseOptions,
  prefix: string,
): Promise<readonly Controller[]> {
  const records = await resolver.srv(`_ldap._tcp.${prefix}dc._msdcs.${domain.toLowerCase()}`);
  if (deniesService(records)) return [];
  return orderSrv(records, random)
    .map(({ target, port }) => ({ host: target.replace(/\.$/, '').toLowerCase(), port }))
    .filter(({ host }) => host !== '');
}

interface Found {
  readonly controller: Controller;
  readonly answer: PingAnswer;
}

type Order = readonly (readonly Controller[] | Found | undefined)[];

/** One list of all, each controller once; a read-only one that answered stands last. */
function choice(order: Order, about: Pick<Choice, 'site' | 'siteServed'>): Choice {
  const lists = order.map((part) =>
    part === undefined ? [] : 'answer' in part ? first(part) : part,
  );
  const late = order.flatMap((part) =>
    part !== undefined && 'answer' in part && !part.answer.writable ? [part.controller] : [],
  );
  const isLate = ({ host, port }: Controller): boolean =>
    late.some((other) => other.host === host && other.port === port);
  const found = order.find((part): part is Found => part !== undefined && 'answer' in part);
  const controllers = unique([...lists.flat().filter((one) => !isLate(one)), ...late]);
  return { ...about, controllers, answer: found?.answer };
}

function first({ controller }: Found): readonly Controller[] {
  return [controller];
}

function unique(controllers: readonly Controller[]): readonly Controller[] {
  return [...new Map(controllers.map((one) => [`${one.host}:${one.port}`, one])).values()];
}

/**
 * The first usable answer: controllers are asked one after the other, each a little later, so that
 * the first ones are asked alone where they are well (MS-ADTS 6.3.6.1). A read-only controller's
 * answer counts where no other comes.
 */
async function survey(
  { domain, ping, signal }: ChooseOptions,
  controllers: readonly Controller[],
): Promise<Found | undefined> {
  if (ping === undefined || controllers.length === 0) return undefined;
  const stop = new AbortController();
  const ends = [stop.signal, AbortSignal.timeout(PING_WAIT)];
  const ended = AbortSignal.any(signal === undefined ? ends : [...ends, signal]);
  let readOnly: Found | undefined;
  const { promise, resolve } = Promise.withResolvers<Found | undefined>();
  const asked = controllers.slice(0, MAX_CONTROLLERS).map(async (controller, at) => {
    await pause(at * PING_INTERVAL, ended);
    if (ended.aborted) return;
    const answer = await ping(controller, domain, ended);
    if (answer === undefined) return;
    if (answer.writable) resolve({ controller, answer });
    else readOnly ??= { controller, answer };
  });
  void Promise.all(asked).then(() => resolve(undefined));
  try {
    return (await promise) ?? readOnly;
  } finally {
    stop.abort();
  }
}

async function pause(time: number, signal: AbortSignal): Promise<void> {
  if (time === 0 || signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, time);
  const end = (): void => resolve();
  signal.addEventListener('abort', end);
  await promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', end);
}
