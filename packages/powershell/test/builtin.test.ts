import {
  customObject,
  PsDictionary,
  PsObject,
  type PsValue,
  Scalar,
} from '@doublehop/powershell/objects/value';
import { describe, expect, test } from 'vitest';
import { block, call, run } from './support/run.ts';

const processes = [
  customObject({ Name: 'lsass', Id: 640, Owner: 'SYSTEM' }),
  customObject({ Name: 'winlogon', Id: 52, Owner: 'SYSTEM' }),
  customObject({ Name: 'Explorer', Id: 3000, Owner: 'alice' }),
];

async function through(...calls: Parameters<typeof run>[0]): Promise<PsValue[]> {
  return (await run(calls, { input: processes })).output;
}

const names = (values: readonly PsValue[]): (PsValue | undefined)[] =>
  values.map((value) => (value instanceof PsObject ? value.get('Name') : value));

describe('Select-Object', () => {
  test('properties by name and pattern, without others, computed', async () => {
    const computed = new PsDictionary([
      ['Name', 'Number'],
      ['Expression', block('$_.Id')],
    ]);
    const [one] = await through(
      call('Select-Object', [['N*', computed]], { ExcludeProperty: 'Nothing' }),
    );
    expect(one).toEqual(
      new PsObject({
        typeNames: [
          'Selected.System.Management.Automation.PSCustomObject',
          'System.Management.Automation.PSCustomObject',
          'System.Object',
        ],
        properties: { Name: 'lsass', Number: 640 },
      }),
    );
  });

  test('first, last, skip, unique, expanded', async () => {
    expect(names(await through(call('Select-Object', [], { First: 1 })))).toEqual(['lsass']);
    expect(names(await through(call('Select-Object', [], { Last: 1 })))).toEqual(['Explorer']);
    expect(names(await through(call('Select-Object', [], { Last: 1, Skip: 1 })))).toEqual([
      'winlogon',
    ]);
    expect(names(await through(call('Select-Object', [], { Skip: 2 })))).toEqual(['Explorer']);
    expect(
      await through(call('Select-Object', [], { ExpandProperty: 'Owner', Unique: true })),
    ).toEqual(['SYSTEM', 'alice']);
  });

  test('a property that is not there', async () => {
    const { errors } = await run([call('Select-Object', [], { ExpandProperty: 'Size' })], {
      input: processes.slice(0, 1),
    });
    expect(errors[0]?.errorId).toBe('ExpandPropertyNotFound,Select-Object');
  });
});

describe('Where-Object and ForEach-Object', () => {
  test('comparisons and blocks', async () => {
    const where = (property: string, operator: string, value: PsValue) =>
      through(call('Where-Object', [property, value], { [operator]: undefined }));
    expect(names(await where('Name', 'eq', 'LSASS'))).toEqual(['lsass']);
    expect(names(await where('Name', 'Like', '*o*'))).toEqual(['winlogon', 'Explorer']);
    expect(names(await where('Id', 'gt', 640))).toEqual(['Explorer']);
    expect(names(await where('Owner', 'In', ['alice', 'bob']))).toEqual(['Explorer']);
    expect(await through(call('where', [block('$_.Missing')]))).toEqual([]);
    expect(await through(call('%', [block('$_.Id')]))).toEqual([640, 52, 3000]);
    expect(await through(call('ForEach-Object', ['Name']))).toEqual([
      'lsass',
      'winlogon',
      'Explorer',
    ]);
  });

  test('two comparisons are refused', async () => {
    await expect(
      through(call('Where-Object', ['Name', 'x'], { eq: undefined, Like: undefined })),
    ).rejects.toThrow('Only one comparison');
  });
});

describe('gathering commands', () => {
  test('sort by one property down, by two, unique', async () => {
    const down = await through(call('sort', ['Id'], { Descending: undefined }));
    expect(names(down)).toEqual(['Explorer', 'lsass', 'winlogon']);
    const two = new PsDictionary([
      ['e', 'Owner'],
      ['Descending', true],
    ]);
    const both = await through(call('Sort-Object', [[two, 'Id']]));
    expect(names(both)).toEqual(['winlogon', 'lsass', 'Explorer']);
    expect(await through(call('Sort-Object', ['Owner'], { Unique: undefined }))).toHaveLength(2);
  });

  test('group and measure', async () => {
    const groups = await through(call('group', ['Owner'], { NoElement: undefined }));
    expect(groups.map((one) => (one instanceof PsObject ? one.get('Count') : 0))).toEqual([2, 1]);
    const [sum] = await through(
      call('measure', ['Id'], { Sum: undefined, Maximum: undefined, Average: undefined }),
    );
    expect(sum).toMatchObject({
      typeNames: ['Microsoft.PowerShell.Commands.GenericMeasureInfo', 'System.Object'],
    });
    expect(
      sum instanceof PsObject && [
        sum.get('Count'),
        sum.get('Sum'),
        sum.get('Maximum'),
        sum.get('Minimum'),
      ],
    ).toEqual([3, new Scalar('Double', 3692), 3000, null]);
  });
});

describe('formatting', () => {
  test('a table, numbers to the right', async () => {
    expect(await through(call('ft', [['Name', 'Id']]))).toEqual([
      '',
      'Name       Id',
      '----       --',
      'lsass     640',
      'winlogon   52',
      'Explorer 3000',
      '',
    ]);
  });

  test('a list', async () => {
    const lines = await through(call('Select-Object', [], { First: 1 }), call('fl', ['*']));
    expect(lines).toEqual(['', 'Name  : lsass', 'Id    : 640', 'Owner : SYSTEM', '']);
  });

  test('as one text', async () => {
    const [text] = await through(
      call('Select-Object', ['Name'], { First: 1 }),
      call('Out-String', [], { Width: 40 }),
    );
    expect(text).toBe('\r\nName\r\n----\r\nlsass\r\n\r\n');
  });
});

describe('Get-Command', () => {
  test('by the name of a parameter', async () => {
    const { output } = await run([call('Get-Command', [], { ParameterName: 'ExpandProperty' })]);
    expect(names(output)).toEqual(['Select-Object']);
  });

  test('a name that is not there is an error', async () => {
    const { output, errors } = await run([call('Get-Command', [['Get-H*', 'Get-None']])]);
    expect(names(output)).toEqual(['Get-Help']);
    expect(errors[0]?.errorId).toBe('CommandNotFoundException');
  });

  test('help shows the syntax', async () => {
    const { output } = await run([call('help', ['Write-Warning'])]);
    expect(output[0] instanceof PsObject && output[0].get('Syntax')).toBe(
      'Write-Warning [-Message] <string>',
    );
  });
});

describe('writing', () => {
  test('each to its stream', async () => {
    const error = call('Write-Error', ['bad'], { Category: 'readerror', ErrorId: 'Mine' });
    expect((await run([error])).errors).toMatchObject([
      { message: 'bad', errorId: 'Mine', category: 'ReadError' },
    ]);
    expect((await run([call('Write-Warning', ['w'])])).warnings).toEqual(['w']);
    expect((await run([call('Write-Host', [['a', 1]])])).information).toEqual(['a 1']);
    const progress = call('Write-Progress', ['Sweep', 'OU 1'], { PercentComplete: 40 });
    expect((await run([progress])).progress).toMatchObject([
      { activity: 'Sweep', statusDescription: 'OU 1', percentComplete: 40, completed: false },
    ]);
    const over = call('Write-Progress', ['Sweep'], { PercentComplete: 400 });
    await expect(run([over])).rejects.toThrow('0 to 100');
    expect((await run([call('echo', [[1, 2]])])).output).toEqual([1, 2]);
  });
});
