// A vitest reporter that tells a reader of a log what happened, and counts honestly.
import { relative } from 'node:path';
import type {
  Reporter,
  SerializedError,
  TestCase,
  TestModule,
  TestProject,
  TestSuite,
  Vitest,
} from 'vitest/node';
import type { UserConsoleLog } from 'vitest';

interface Failure {
  readonly name: string;
  readonly errors: readonly SerializedError[];
  readonly project?: TestProject;
}

/** How many tests ended in which way; errors outside of tests are failures too. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export class PlainReporter implements Reporter {
  readonly #print: (line: string) => void;
  #vitest: Vitest | undefined;
  #passed = 0;
  readonly #failures: Failure[] = [];
  readonly #skips: string[] = [];

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  get totals(): Totals {
    return { passed: this.#passed, failed: this.#failures.length, skipped: this.#skips.length };
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onUserConsoleLog(log: UserConsoleLog): void {
    this.#print(log.content.trimEnd());
  }

  onTestModuleEnd(module: TestModule): void {
    const before = this.totals;
    this.#countErrors(module, []);
    for (const suite of module.children.allSuites()) {
      this.#countErrors(suite, suite.errors());
    }
    for (const test of module.children.allTests()) {
      this.#countTest(test);
    }
    const { passed, failed, skipped } = this.totals;
    const counts = [
      [passed - before.passed, 'passed'],
      [failed - before.failed, 'failed'],
      [skipped - before.skipped, 'skipped'],
    ] as const;
    const words = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
    if (words.length > 0) {
      const seconds = (module.diagnostic().duration / 1000).toFixed(1);
      const mark = failed > before.failed ? 'FAIL' : 'ok  ';
      this.#print(`${mark} ${place(module)} (${words.join(', ')}, ${seconds} s)`);
    }
  }

  onTestRunEnd(
    _modules: readonly TestModule[],
    unhandled: readonly SerializedError[],
    reason: string,
  ): void {
    for (const error of unhandled) {
      this.#failures.push({ name: 'an error outside of any test', errors: [error] });
    }
    if (reason === 'interrupted') {
      this.#failures.push({ name: 'the run was interrupted', errors: [] });
    }
    for (const skip of this.#skips) {
      this.#print(`SKIP ${skip}`);
    }
    for (const failure of this.#failures) {
      this.#printFailure(failure);
    }
  }

  #countErrors(owner: TestModule | TestSuite, errors: readonly SerializedError[]): void {
    const all = owner.type === 'module' ? owner.errors() : errors;
    if (all.length > 0) {
      this.#failures.push({ name: fullName(owner), errors: all, project: owner.project });
    }
  }

  #countTest(test: TestCase): void {
    const result = test.result();
    if (result.state === 'passed') {
      this.#passed += 1;
    } else if (result.state === 'failed') {
      const { project } = test;
      this.#failures.push({ name: fullName(test), errors: result.errors, project });
    } else if (result.state === 'skipped' && hookFailed(test)) {
      this.#failures.push({ name: `${fullName(test)}: not run, its set-up failed`, errors: [] });
    } else if (result.state === 'pending') {
      this.#failures.push({ name: `${fullName(test)}: did not finish`, errors: [] });
    } else if (isSelected(test)) {
      this.#skips.push(`${fullName(test)}: ${result.note ?? 'no reason given'}`);
    }
  }

  #printFailure({ name, errors, project }: Failure): void {
    this.#print(`\nFAIL ${name}`);
    for (const error of errors) {
      if (this.#vitest === undefined) {
        this.#print(error.stack ?? error.message);
      } else {
        this.#vitest.logger.printError(error, project === undefined ? {} : { project });
      }
    }
  }
}

/** A test that `--grep` leaves out is not a skip. */
function isSelected(test: TestCase): boolean {
  const pattern = test.project.config.testNamePattern ?? test.project.vitest.config.testNamePattern;
  return pattern === undefined || test.fullName.match(pattern) !== null;
}

function hookFailed(test: TestCase): boolean {
  for (let owner = test.parent; ; owner = owner.parent) {
    if (owner.errors().length > 0) {
      return true;
    }
    if (owner.type === 'module') {
      return false;
    }
  }
}

function fullName(task: TestCase | TestSuite | TestModule): string {
  return task.type === 'module' ? place(task) : `${place(task.module)} > ${task.fullName}`;
}

function place(module: TestModule): string {
  return relative(process.cwd(), module.moduleId);
}
