// `npm test`: runs vitest with the arguments given (paths, --grep PATTERN, any vitest option) and
// reports in plain lines: each failure, each skip with its reason, and last
// `N passed, N failed, N skipped`. Exit code 1 on any failure or error, and when no test ran.
import { PlainReporter } from './plain-reporter.ts';

if (!process.stdout.isTTY) {
  process.env['NO_COLOR'] = '1'; // vitest decides about colours while it loads
}
const { parseCLI, startVitest } = await import('vitest/node');

const args = process.argv.slice(2).map((arg) => arg.replace(/^--grep(?==|$)/u, '-t'));
const { filter, options } = parseCLI(['vitest', 'run', ...args]);
const reporter = new PlainReporter((line) => process.stdout.write(`${line}\n`));

await startVitest(
  filter,
  { ...options, watch: false, reporters: [reporter] },
  {},
  { stderr: process.stdout }, // one stream, so that an error stands below its test's name
);

const { passed, failed, skipped } = reporter.totals;
if (passed + failed === 0) {
  process.stdout.write(`no test ran${args.length > 0 ? ` for ${args.join(' ')}` : ''}\n`);
}
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
const good = failed === 0 && passed > 0 && (process.exitCode ?? 0) === 0;
process.exit(good ? 0 : 1);
