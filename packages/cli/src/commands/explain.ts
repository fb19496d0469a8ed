import { explainHop } from '@doublehop/admin/explain/explain';
import { explainTable, findMiddles, type TableRow } from '@doublehop/admin/explain/table';
import { splitIdentities } from '@doublehop/admin/identity';
import { Command } from 'commander';
import { type Connections, withConnections } from '../admin/connection.ts';
import { addMiddleOption } from '../admin/selection.ts';
import { type Context, EXIT } from '../context.ts';
import { UsageError } from '../errors.ts';
import { addDomainOptions, connectionOf, type DomainOptions } from '../explain/domain-options.ts';
import { explanationJson, partiesJson } from '../explain/json.ts';
import { addHopOptions, type HopOptions, questionOf } from '../explain/question.ts';
import { tableText } from '../explain/table-text.ts';
import { explanationText } from '../explain/text.ts';
import { printJson } from '../output/json.ts';
import { startProgress } from '../output/progress.ts';

interface ExplainOptions extends DomainOptions, HopOptions {
  readonly user?: string;
  readonly middle?: readonly string[];
  readonly target?: string;
  readonly allMiddles?: true;
  readonly nonForwardable?: true;
  readonly verbose?: true;
  readonly json?: true;
}

/** `doublehop explain`: what the KDC is going to say to a hop, and why. */
export function command(context: Context): Command {
  const explain = new Command('explain').description(
    "Say whether a middle gets a ticket to a target in a user's name, and why: every check in " +
      'order, the value that decided, what would change the answer and what that would widen. ' +
      'Reads the directory; asks for no ticket and writes nothing.',
  );
  addMiddleOption(explain.option('--user <identity>', 'the user for whom the middle acts'), MIDDLE)
    .option('--target <service>', 'such as cifs/ServerC; an account: see --protocol; or a list')
    .option('--all-middles', 'every computer and service account that could act');
  return addDomainOptions(addHopOptions(explain))
    .option('--non-forwardable', "the user's client gets tickets that cannot be forwarded")
    .option('--verbose', 'also the checks that are assumed to hold')
    .option('--json', 'print everything as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: ExplainOptions) => {
      await run(context, options);
    });
}

const MIDDLE = 'who acts for the user; may be repeated, or a list: B1,B2';

const EXAMPLES = `
Examples:
  $ doublehop explain --user alice --middle ServerB --target cifs/ServerC
  $ doublehop explain --user alice --middle ServerB --target ServerC \\
      --protocol winrm --evidence protocol-transition
  $ doublehop explain --user alice --all-middles --target cifs/ServerC

Exit code 0: allowed. 2: refused, or it depends on what you may not read; of
several hops: one at least; with --all-middles: every one.`;

async function run(context: Context, options: ExplainOptions): Promise<void> {
  const { user, middle = [], target, allMiddles } = options;
  if (user === undefined) throw new UsageError('for whom? Give --user, for instance --user alice');
  if (middle.length === 0 && allMiddles !== true) {
    throw new UsageError('who acts? Give --middle, for instance --middle ServerB');
  }
  if (middle.length > 0 && allMiddles === true) {
    throw new UsageError('--middle and --all-middles exclude each other');
  }
  if (target === undefined) {
    throw new UsageError('where to? Give --target, for instance --target cifs/ServerC');
  }
  const targets = splitIdentities(target);
  await withConnections(context, connectionOf(options), async (connections) => {
    const [one] = middle;
    const [aim] = targets;
    if (one !== undefined && aim !== undefined && middle.length === 1 && targets.length === 1) {
      await explainOne(context, connections, options, { user, middle: one, target: aim });
      return;
    }
    const middles = allMiddles === true ? await everyMiddle(connections) : middle;
    await explainMany(context, connections, options, { user, middles, targets });
  });
}

async function explainOne(
  context: Context,
  connections: Connections,
  options: ExplainOptions,
  parties: { readonly user: string; readonly middle: string; readonly target: string },
): Promise<void> {
  const question = { ...questionOf(parties, options), ...clientOf(options) };
  const explanation = await explainHop(connections, question, context.clock());
  if (explanation.prediction.outcome !== 'allowed') context.exitCode = EXIT.refused;
  if (options.json === true) {
    printJson(context, explanationJson(explanation));
  } else {
    const { columns } = context;
    context.out(explanationText(explanation, { columns, verbose: options.verbose === true }));
  }
}

interface Many {
  readonly user: string;
  readonly middles: readonly string[];
  readonly targets: readonly string[];
}

async function explainMany(
  context: Context,
  connections: Connections,
  options: ExplainOptions,
  { user, middles, targets }: Many,
): Promise<void> {
  const question = { ...questionOf({ user, middle: '', target: '' }, options), middles, targets };
  const progress = startProgress(context, 'hops', middles.length * targets.length);
  const rows: TableRow[] = [];
  for await (const row of explainTable(
    connections,
    { ...question, ...clientOf(options) },
    context.clock(),
  )) {
    rows.push(row);
    progress.update(rows.length);
  }
  progress.end();
  const allowed = rows.filter(({ prediction }) => prediction.outcome === 'allowed');
  const wanted = options.allMiddles === true ? Math.min(1, rows.length) : rows.length;
  if (allowed.length < wanted) context.exitCode = EXIT.refused;
  if (options.json === true) {
    printJson(context, { hops: rows.map(rowJson) });
    return;
  }
  // Of all who could act, those who may are the answer.
  context.out(tableText(options.allMiddles === true ? allowed : rows));
  context.out(`${allowed.length} of ${rows.length} hops are allowed\n`);
}

function rowJson({ facts, prediction }: TableRow): unknown {
  const { outcome, mode, refusal, unread } = prediction;
  return {
    ...partiesJson(facts),
    outcome,
    mode: mode ?? null,
    reason: refusal?.reason ?? null,
    unread,
  };
}

function clientOf({ nonForwardable }: ExplainOptions): { readonly forwardable?: false } {
  return nonForwardable === true ? { forwardable: false } : {};
}

async function everyMiddle({ middles }: Connections): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const dn of findMiddles(middles)) found.push(dn);
  return found;
}
