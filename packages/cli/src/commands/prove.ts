import { explainHop, type Explanation } from '@doublehop/admin/explain/explain';
import type { Account } from '@doublehop/admin/account';
import type { HopFacts } from '@doublehop/admin/explain/hop-facts';
import { predictHop } from '@doublehop/admin/explain/predict';
import { type Comparison, compareProof } from '@doublehop/admin/prove/compare';
import { openServiceTicket } from '@doublehop/admin/prove/open-ticket';
import { isForwardable, type Proof, proveHop } from '@doublehop/admin/prove/prove';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { formatPrincipal, type Principal, principal } from '@doublehop/kerberos/names';
import { Command, Option } from 'commander';
import { withConnections } from '../admin/connection.ts';
import { type Context, EXIT } from '../context.ts';
import { UsageError } from '../errors.ts';
import { addDomainOptions, connectionOf, type DomainOptions } from '../explain/domain-options.ts';
import {
  type ProofCredentials,
  proofClient,
  type ProofWorld,
  requireOneWay,
} from '../explain/proof-identity.ts';
import { proofJson } from '../explain/proof-json.ts';
import { type ProofReport, proofText } from '../explain/proof-text.ts';
import { addHopOptions, type HopOptions, questionOf } from '../explain/question.ts';
import { passwordReader } from '../input/secret.ts';
import {
  openCache,
  readConfiguration,
  servicePrincipal,
  userPrincipal,
} from '../kerberos/configuration.ts';
import { printJson } from '../output/json.ts';

interface ProveOptions extends DomainOptions, HopOptions {
  readonly user?: string;
  readonly middle?: string;
  readonly target?: string;
  readonly userKeytab?: string;
  readonly userCache?: string;
  readonly userPasswordFile?: string;
  readonly middleKeytab?: string;
  readonly middleCache?: string;
  readonly middlePasswordFile?: string;
  readonly targetKeytab?: string;
  readonly ccache?: string;
  readonly compat?: true;
  /** False with --no-explain. */
  readonly explain: boolean;
  readonly json?: true;
}

/** `doublehop prove`: makes a hop at the real KDC, and compares it with what explain predicts. */
export function command(context: Context): Command {
  const prove = new Command('prove')
    .description(
      "Make a hop at the real KDC: with the user's own ticket, or by protocol transition. Says " +
        'what the KDC answered and what it means, and whether explain had predicted it. Connects ' +
        'to no target, and leaves no tickets behind.',
    )
    .option('--user <identity>', 'the user for whom the middle acts')
    .option('--middle <identity>', 'who acts for the user')
    .option('--target <service>', 'such as cifs/ServerC; an account: see --protocol');
  addSecretOptions(prove);
  return addDomainOptions(addHopOptions(prove))
    .option('--compat', 'send PA-FOR-USER too; by itself with a KDC of Samba')
    .option('--no-explain', 'do not read the directory: nothing is predicted')
    .option('--json', 'print everything as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: ProveOptions) => {
      await run(context, options);
    });
}

function addSecretOptions(prove: Command): void {
  const user = "The user's own ticket (else the middle gets one by protocol transition):";
  const middle = 'The middle (default: asks for its password):';
  const options: readonly (readonly [string, string, string])[] = [
    [user, '--user-cache <name>', "a cache with the user's TGT"],
    [user, '--user-keytab <file>', 'a keytab of the user'],
    [user, '--user-password-file <file>', 'a file with the password, "-" for standard input'],
    [middle, '--middle-keytab <file>', 'a keytab of the middle'],
    [middle, '--middle-cache <name>', "a cache with the middle's TGT"],
    [middle, '--middle-password-file <file>', 'a file with the password, "-": standard input'],
    ['The ticket:', '--target-keytab <file>', 'a keytab of the target: show what it sees'],
    ['The ticket:', '--ccache <name>', 'keep the ticket in this new cache'],
  ];
  for (const [group, flags, text] of options) {
    prove.addOption(new Option(flags, text).helpGroup(group));
  }
}

const EXAMPLES = `
Examples:
  $ doublehop prove --user alice --middle ServerB --target cifs/ServerC \\
      --middle-keytab serverb.keytab
  $ doublehop prove --user alice --middle ServerB --target cifs/ServerC \\
      --user-cache /tmp/krb5cc_alice --middle-keytab serverb.keytab \\
      --target-keytab serverc.keytab

Exit code 0: the KDC allowed it. 2: it refused, or did not do what explain had
predicted. 1: nothing is proved.`;

interface Parties {
  readonly user: string;
  readonly middle: string;
  readonly target: string;
}

async function run(context: Context, options: ProveOptions): Promise<void> {
  const parties = requireParties(options);
  const question = questionOf(parties, { ...options, evidence: evidenceOf(options) });
  const explanation = options.explain
    ? await withConnections(
        context,
        connectionOf(options),
        async (connections) => await explainHop(connections, question, context.clock()),
      )
    : undefined;
  const configuration = readConfiguration(context);
  const world = { context, configuration, password: passwordReader(context) };
  const names = namesOf(world, parties, explanation);
  const proof = await make(world, options, names, explanation);
  const report = await reportOf(world, options, { names, proof, explanation });
  const different = report.comparison?.verdict === 'different';
  if (proof.outcome === 'failed') context.exitCode = EXIT.error;
  if (proof.outcome === 'refused' || different) context.exitCode = EXIT.refused;
  if (options.json === true) printJson(context, proofJson(report, explanation?.prediction));
  else context.out(proofText(report, context.columns));
}

function requireParties({ user, middle, target, ...options }: ProveOptions): Parties {
  if (user === undefined) throw new UsageError('for whom? Give --user, for instance --user alice');
  if (middle === undefined) {
    throw new UsageError('who acts? Give --middle, for instance --middle ServerB');
  }
  if (target === undefined) {
    throw new UsageError('where to? Give --target, for instance --target cifs/ServerC');
  }
  if (!options.explain && !target.includes('/')) {
    throw new UsageError(`--target: without the directory give a service: cifs/${target}`);
  }
  requireOneWay('--user', userSecrets(options));
  requireOneWay('--middle', middleSecrets(options));
  if (options.evidence === 'protocol-transition' && hasUserSecret(options)) {
    throw new UsageError("--evidence protocol-transition needs no credentials of the user's");
  }
  return { user, middle, target };
}

type Secrets = Omit<ProveOptions, 'user' | 'middle' | 'target'>;

function userSecrets(options: Secrets): ProofCredentials {
  const { userKeytab: keytab, userCache: cache, userPasswordFile: passwordFile } = options;
  return { keytab, cache, passwordFile };
}

function middleSecrets(options: Secrets): ProofCredentials {
  const { middleKeytab: keytab, middleCache: cache, middlePasswordFile: passwordFile } = options;
  return { keytab, cache, passwordFile };
}

function hasUserSecret(options: Secrets): boolean {
  return Object.values(userSecrets(options)).some((value) => value !== undefined);
}

/** Whoever gives the user's credentials means the user's own ticket. */
function evidenceOf(options: ProveOptions): NonNullable<HopOptions['evidence']> {
  return options.evidence ?? (hasUserSecret(options) ? 'kerberos' : 'protocol-transition');
}

/** The principals of a hop. */
interface HopNames {
  readonly user: Principal;
  /** As whom the middle logs on, and by which name the user asks for it. */
  readonly middle: Principal;
  readonly service: Principal;
  readonly target: Principal;
}

/** By what the directory says; without it as they were given. */
function namesOf(
  { configuration }: ProofWorld,
  { user, middle, target }: Parties,
  explanation: Explanation | undefined,
): HopNames {
  if (explanation === undefined) {
    const self = userPrincipal(middle, configuration);
    return {
      user: userPrincipal(user, configuration),
      middle: self,
      service: self,
      target: servicePrincipal(target, configuration),
    };
  }
  const { facts } = explanation;
  const { account } = facts.middle.hop;
  const realm = facts.middleRealm;
  return {
    user: userPrincipal(facts.userName, configuration),
    middle: principal(realm, NameType.PRINCIPAL, account.name),
    service: serviceOf(account, realm),
    target: servicePrincipal(facts.target.spn, configuration),
  };
}

/** The name that the user's client would ask for: HTTP or HOST of the middle, else any it has. */
function serviceOf(
  { servicePrincipalNames: spns, name }: Pick<Account, 'servicePrincipalNames' | 'name'>,
  realm: string,
): Principal {
  const spn = spns.find((text) => /^(?:http|host)\//i.test(text)) ?? spns[0];
  if (spn === undefined) return principal(realm, NameType.PRINCIPAL, name);
  return principal(realm, NameType.SRV_INST, ...spn.split('/'));
}

async function make(
  world: ProofWorld,
  options: ProveOptions,
  names: HopNames,
  explanation: Explanation | undefined,
): Promise<Proof> {
  const own = evidenceOf(options) === 'kerberos';
  const userClient = own ? await proofClient(world, names.user, userSecrets(options)) : undefined;
  const middleClient = await proofClient(world, names.middle, middleSecrets(options));
  return await proveHop({
    userClient,
    user: names.user,
    middleClient,
    middle: names.service,
    target: names.target,
    compat: options.compat ?? explanation?.facts.kdc.profile === 'samba',
  });
}

/** Whether the user's client gets forwardable tickets is known as soon as it has one. */
function settledBy(facts: HopFacts, { steps }: Proof): HopFacts {
  const tgt = steps.find(({ id }) => id === 'user-logon')?.ticket;
  return tgt === undefined ? facts : { ...facts, forwardableAsked: isForwardable(tgt) };
}

function comparisonOf(facts: HopFacts | undefined, proof: Proof): Comparison | undefined {
  if (facts === undefined || proof.outcome === 'failed') return undefined;
  return compareProof(predictHop(facts), proof);
}

interface Made {
  readonly names: HopNames;
  readonly proof: Proof;
  readonly explanation: Explanation | undefined;
}

async function reportOf(
  { context, configuration }: ProofWorld,
  { targetKeytab, ccache, target = '' }: ProveOptions,
  { names, proof, explanation }: Made,
): Promise<ProofReport> {
  const { ticket } = proof;
  const opened =
    targetKeytab === undefined || ticket === undefined
      ? undefined
      : openServiceTicket(ticket, await readKeytab(targetKeytab));
  let savedIn: string | undefined;
  if (ccache !== undefined && ticket !== undefined) {
    const cache = openCache(context, configuration, ccache);
    await cache.initialize(ticket.client);
    await cache.store(ticket);
    savedIn = cache.name;
  }
  const facts = explanation && settledBy(explanation.facts, proof);
  return {
    user: formatPrincipal(names.user),
    middle: facts?.middle.hop.account.name ?? formatPrincipal(names.middle),
    target: facts?.target.spn ?? target,
    proof,
    opened,
    comparison: comparisonOf(facts, proof),
    savedIn,
  };
}
