import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { fromHex } from '@doublehop/wire/bytes';
import { Coverage } from './coverage.ts';
import { Campaign, type Finding, misbehaviour } from './engine.ts';
import { Random } from './random.ts';
import { allTargets } from './targets.ts';

const HELP = `Fuzzes every parser and the KDC with mutations of the recorded story.

  npm run fuzz -- --seconds 60              all targets, in turn
  npm run fuzz -- --target kdc-tcp          one of them
  npm run fuzz -- --list                    their names
  npm run fuzz -- --target keytab --input 0502…   one input again

  --seed N       another sequence of mutations (default 1)
Exit code 1, and the input in fuzz-finding.json, where something misbehaved, hung or grew.
`;

interface Plan {
  readonly seconds: number;
  readonly seed: number;
  readonly target: string | undefined;
}

type Report =
  | { readonly kind: 'alive'; readonly target: string }
  | { readonly kind: 'finding'; readonly finding: Finding }
  | {
      readonly kind: 'done';
      readonly runs: number;
      readonly blocks: number;
      readonly grown: number;
    };

/** Without a sign of life for so long, an input hangs. */
const HANG_MILLISECONDS = 30_000;
/** Megabytes by which the heap may grow over a campaign. */
const MAX_GROWTH = 200;
const BATCH = 256;

if (isMainThread) await control();
else await work(workerData as Plan);

async function control(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '30' },
      seed: { type: 'string', default: '1' },
      target: { type: 'string' },
      input: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const targets = await allTargets();
  const names = targets.map(({ name }) => name);
  if (values.help) return void process.stdout.write(HELP);
  if (values.list) return void process.stdout.write(`${names.join('\n')}\n`);
  if (values.target !== undefined && !names.includes(values.target)) {
    process.stderr.write(`fuzz: --target ${values.target}: no such target; --list names them\n`);
    process.exit(1);
  }
  const chosen = targets.find(({ name }) => name === values.target);
  if (values.input !== undefined && chosen !== undefined) {
    const what = await misbehaviour(chosen, fromHex(values.input));
    process.stdout.write(`${what ?? 'behaves'}\n`);
    process.exit(what === undefined ? 0 : 1);
  }
  const plan = {
    seconds: Number(values.seconds),
    seed: Number(values.seed),
    target: values.target,
  };
  process.exit(await supervise(plan));
}

/** Runs the campaign in a worker, so that a hang can be seen from here. */
function supervise(plan: Plan): Promise<number> {
  const worker = new Worker(new URL(import.meta.url), { workerData: plan });
  let current = '';
  return new Promise((resolve) => {
    const end = (finding: Finding) => {
      writeFileSync('fuzz-finding.json', `${JSON.stringify(finding, undefined, 2)}\n`);
      process.stderr.write(`fuzz: ${finding.target}: ${finding.what}\n`);
      resolve(1);
    };
    const watch = setTimeout(
      () => end({ target: current, input: '', what: 'hangs' }),
      HANG_MILLISECONDS,
    );
    worker.on('error', (error) => end({ target: current, input: '', what: String(error) }));
    worker.on('message', (report: Report) => {
      watch.refresh();
      if (report.kind === 'alive') current = report.target;
      else if (report.kind === 'finding') end(report.finding);
      else {
        const { runs, blocks, grown } = report;
        process.stdout.write(`${runs} inputs, ${blocks} blocks reached, heap +${grown} MB\n`);
        if (grown > MAX_GROWTH)
          end({ target: 'all', input: '', what: `the heap grew ${grown} MB` });
        else resolve(0);
      }
    });
  });
}

async function work({ seconds, seed, target }: Plan): Promise<void> {
  const report = (message: Report) => parentPort?.postMessage(message);
  const random = new Random(seed);
  const coverage = new Coverage();
  const all = (await allTargets()).filter(({ name }) => target === undefined || name === target);
  const campaigns = all.map((one) => new Campaign(one, random));
  for (const campaign of campaigns) {
    report({ kind: 'alive', target: campaign.target.name });
    const finding = await campaign.start();
    if (finding !== undefined) return report({ kind: 'finding', finding });
  }
  const heap = heapMegabytes();
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    for (const campaign of campaigns) {
      report({ kind: 'alive', target: campaign.target.name });
      const finding = await campaign.batch(BATCH, coverage);
      if (finding !== undefined) return report({ kind: 'finding', finding });
    }
  }
  coverage.stop();
  const runs = campaigns.reduce((sum, campaign) => sum + campaign.runs, 0);
  report({ kind: 'done', runs, blocks: coverage.blocks, grown: heapMegabytes() - heap });
}

function heapMegabytes(): number {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().heapUsed / 1_000_000);
}
