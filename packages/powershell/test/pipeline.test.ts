import { type Command, CommandFailure, failure } from '@doublehop/powershell/commands/command';
import { customObject, type PsValue, SecureText } from '@doublehop/powershell/objects/value';
import { PsObject } from '@doublehop/powershell/objects/value';
import { describe, expect, test } from 'vitest';
import { call, run } from './support/run.ts';

/** Gives out what it was bound to. */
function echo(
  parameters: Command<undefined>['parameters'],
  defaultSet?: string,
): Command<undefined> {
  return {
    name: 'Test-Echo',
    synopsis: 'Gives out its arguments.',
    parameters,
    ...(defaultSet !== undefined && { defaultSet }),
    run: async ({ bound, parameterSet, streams }) =>
      streams.output(customObject({ ...bound, ParameterSet: parameterSet })),
  };
}

const process = echo([
  { name: 'Name', type: 'string', many: true, position: 0, fromPipeline: true, fromProperty: true },
  { name: 'ComputerName', type: 'string', many: true, aliases: ['Cn'], fromProperty: true },
  { name: 'Count', type: 'int' },
  { name: 'Force', type: 'switch' },
  { name: 'Scope', type: 'string', validateSet: ['Base', 'OneLevel', 'Subtree'] },
]);

async function bind(...args: Parameters<typeof call> extends [string, ...infer R] ? R : never) {
  const { output } = await run([call('Test-Echo', ...args)], { commands: [process] });
  const [object] = output;
  if (!(object instanceof PsObject)) throw new Error('nothing came');
  return Object.fromEntries([...object.properties()].map(({ name, value }) => [name, value]));
}

async function refusal(promise: Promise<unknown>): Promise<CommandFailure['record']> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CommandFailure)) throw new Error(`no refusal: ${String(error)}`);
  return error.record;
}

describe('arguments (about_Parameters)', () => {
  test('by position, by name, by the beginning of a name, by alias', async () => {
    expect(await bind(['lsass'], { Comp: 'ServerC' })).toMatchObject({
      Name: ['lsass'],
      ComputerName: ['ServerC'],
    });
    expect(await bind([], { cn: ['a', 'b'], Force: undefined, count: '0x10' })).toMatchObject({
      ComputerName: ['a', 'b'],
      Force: true,
      Count: 16,
    });
  });

  test('a name without a value takes the positional argument after it', async () => {
    const args = [{ name: 'Count' }, { value: 3 }, { value: 'lsass' }];
    const { output } = await run([{ name: 'Test-Echo', isScript: false, args }], {
      commands: [process],
    });
    expect(output).toEqual([customObject({ Count: 3, Name: ['lsass'], ParameterSet: '' })]);
  });

  test('a switch can be said to be off', async () => {
    expect(await bind([], { Force: false })).toMatchObject({ Force: false });
  });

  test('a parameter takes all positional arguments that remain', async () => {
    const { output } = await run([call('Write-Output', ['a', 'b', 3])]);
    expect(output).toEqual(['a', 'b', 3]);
    const one = await run([call('Write-Output', [['a', 'b']])]);
    expect(one.output).toEqual(['a', 'b']);
  });

  const refusals: [string, Parameters<typeof bind>, string, RegExp][] = [
    ['unknown name', [[], { Nam1: 'x' }], 'NamedParameterNotFound', /'Nam1'/u],
    ['ambiguous name', [[], { co: 'x' }], 'AmbiguousParameter', /-ComputerName -Count/u],
    ['too many', [['a', 'b']], 'PositionalParameterNotFound', /'b'/u],
    ['no number', [[], { Count: 'ten' }], 'CannotConvertArgumentNoMessage', /System\.Int32/u],
    ['not in the set', [[], { Scope: 'All' }], 'ParameterArgumentValidationError', /"All"/u],
    ['text for a switch', [[], { Force: 'yes' }], 'CannotConvertArgumentNoMessage', /Switch/u],
    ['no value', [[], { Count: undefined }], 'MissingArgument', /'Count'/u],
  ];
  test.each(refusals)('%s is refused', async (_, args, errorId, words) => {
    const record = await refusal(bind(...args));
    expect(record.errorId).toBe(`${errorId},Test-Echo`);
    expect(record.message).toMatch(words);
    expect(record.category).toMatch(/^Invalid(?:Argument|Data)$/u);
  });

  test('twice the same parameter is refused', async () => {
    const record = await refusal(bind([], { Count: 1, count: 2 }));
    expect(record.errorId).toBe('ParameterAlreadyBound,Test-Echo');
  });

  test('a mandatory parameter is missed', async () => {
    const command = echo([{ name: 'Identity', type: 'string', mandatory: true, position: 0 }]);
    const record = await refusal(run([call('Test-Echo')], { commands: [command] }));
    expect(record.errorId).toBe('MissingMandatoryParameter,Test-Echo');
  });

  test('a credential is only one with a secret password', async () => {
    const command = echo([{ name: 'Credential', type: 'credential' }]);
    const credential = customObject({ UserName: 'alice', Password: SecureText.of('x') });
    const good = await run([call('Test-Echo', [], { Credential: credential })], {
      commands: [command],
    });
    expect(good.output).toHaveLength(1);
    const record = await refusal(
      run([call('Test-Echo', [], { Credential: 'alice' })], { commands: [command] }),
    );
    expect(record.errorId).toContain('CannotConvert');
  });
});

describe('parameter sets', () => {
  const command = echo(
    [
      { name: 'Identity', type: 'string', mandatory: true, position: 0, sets: ['Identity'] },
      { name: 'Filter', type: 'string', mandatory: true, sets: ['Filter'] },
      { name: 'Server', type: 'string' },
    ],
    'Filter',
  );
  const set = async (...args: Parameters<typeof call> extends [string, ...infer R] ? R : never) => {
    const { output } = await run([call('Test-Echo', ...args)], { commands: [command] });
    return output[0] instanceof PsObject ? output[0].get('ParameterSet') : undefined;
  };

  test('what is given decides', async () => {
    expect(await set([], { Filter: '*' })).toBe('Filter');
    expect(await set([], { Identity: 'ServerC', Server: 'dc' })).toBe('Identity');
  });

  test('a value by position finds a set that has the place', async () => {
    expect(await set(['ServerC'])).toBe('Identity');
  });

  test('parameters of two sets do not go together', async () => {
    const record = await refusal(set([], { Filter: '*', Identity: 'x' }));
    expect(record.errorId).toBe('AmbiguousParameterSet,Test-Echo');
  });

  test('the default set says what is missing', async () => {
    const record = await refusal(set([], { Server: 'dc' }));
    expect(record.message).toContain('Filter');
  });
});

describe('the pipeline', () => {
  const numbers: Command<undefined> = {
    name: 'Get-Number',
    synopsis: 'Counts.',
    parameters: [{ name: 'To', type: 'int', position: 0, mandatory: true }],
    run: async ({ bound, streams }) => {
      for (let i = 1; i <= Number(bound['To']); i += 1) await streams.output(i);
    },
  };

  test('objects bind whole, or by their properties', async () => {
    const object = customObject({ Name: 'lsass', Cn: 'ServerC' });
    const { output, errors } = await run([call('Test-Echo')], {
      commands: [process],
      input: ['winlogon', object],
    });
    expect(errors).toEqual([]);
    expect(output.map((one) => (one instanceof PsObject ? one.get('ComputerName') : one))).toEqual([
      undefined,
      ['ServerC'],
    ]);
  });

  test('an object that nothing takes is an error, and the next one goes on', async () => {
    const command = echo([{ name: 'Id', type: 'int', fromPipeline: true }]);
    const { output, errors } = await run([call('Test-Echo')], {
      commands: [command],
      input: ['x', 5],
    });
    expect(errors.map(({ errorId }) => errorId)).toEqual(['InputObjectNotBound,Test-Echo']);
    expect(output).toHaveLength(1);
  });

  test('Select-Object -First ends the commands before it', async () => {
    let last = 0;
    const endless: Command<undefined> = {
      name: 'Get-Endless',
      synopsis: 'Does not end.',
      parameters: [],
      run: async ({ streams }) => {
        for (;;) {
          last += 1;
          await streams.output(last);
        }
      },
    };
    const { output } = await run(
      [
        call('Get-Endless'),
        call('Select-Object', [], { First: 3 }),
        call('Sort-Object', [], { Descending: undefined }),
      ],
      { commands: [endless] },
    );
    expect(output).toEqual([3, 2, 1]);
    expect(last).toBe(3);
  });

  test('an unknown command is refused before anything runs', async () => {
    const record = await refusal(
      run([call('Get-Number', [3]), call('Get-Nothing')], { commands: [numbers] }),
    );
    expect(record).toMatchObject({
      errorId: 'CommandNotFoundException',
      category: 'ObjectNotFound',
      target: 'Get-Nothing',
    });
  });

  test('stopping ends it', async () => {
    const abort = new AbortController();
    const promise = run([call('Get-Number', [1_000_000])], {
      commands: [numbers],
      signal: abort.signal,
      streams: {
        ...silent(),
        output: (value) => {
          if (value === 10) abort.abort(new Error('stopped by the user'));
        },
      },
    });
    await expect(promise).rejects.toThrow('stopped by the user');
  });

  const failing: Command<undefined> = {
    name: 'Get-Failing',
    synopsis: 'Fails.',
    parameters: [],
    run: async ({ streams }) => {
      await streams.error(failure('first', 'First', 'ReadError').record);
      await streams.warning('careful');
      await streams.verbose('more');
      await streams.output('after');
    },
  };

  test('-ErrorAction and its kin', async () => {
    const plain = await run([call('Get-Failing')], { commands: [failing] });
    expect([plain.errors.length, plain.warnings, plain.verbose]).toEqual([1, ['careful'], []]);
    const quiet = await run(
      [call('Get-Failing', [], { ea: 'SilentlyContinue', wa: 'Ignore', Verbose: undefined })],
      { commands: [failing] },
    );
    expect([quiet.errors, quiet.warnings, quiet.verbose]).toEqual([[], [], ['more']]);
    expect(quiet.output).toEqual(['after']);
    const record = await refusal(
      run([call('Get-Failing', [], { ErrorAction: 'Stop' })], { commands: [failing] }),
    );
    expect(record.errorId).toBe('First');
    const wrong = await refusal(
      run([call('Get-Failing', [], { ErrorAction: 'Hope' })], { commands: [failing] }),
    );
    expect(wrong.message).toContain('Continue, SilentlyContinue, Ignore, Stop');
  });

  test('2>&1 sends errors down the pipeline', async () => {
    const merged = { ...call('Get-Failing'), mergeError: true };
    const { output, errors } = await run([merged, call('Select-Object', [], { First: 1 })], {
      commands: [failing],
    });
    expect(errors).toEqual([]);
    expect(output[0]).toMatchObject({ text: 'first' });
  });
});

function silent() {
  const nothing = (): void => {};
  return {
    output: nothing,
    error: nothing,
    warning: nothing,
    verbose: nothing,
    debug: nothing,
    information: nothing,
    progress: nothing,
  } satisfies Record<string, (value: PsValue) => void>;
}
