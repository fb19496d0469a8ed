// explain on a domain with awkward data: every form of descriptor as KDCs were measured to take it,
// names with everything in them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Awkward, fillAwkwardDomain } from '../../../test/support/awkward-domain.ts';
import { AWKWARD_FORMS } from '../../../test/support/awkward-forms.ts';
import type { DomainConnection } from '../src/connection.ts';
import { explainHop } from '../src/explain/explain.ts';
import { explainTable, findMiddles } from '../src/explain/table.ts';
import { type Contoso, startContoso } from './support/contoso.ts';

const NOW = Date.UTC(2026, 5, 1, 12);

describe('explain in an awkward domain', () => {
  let contoso: Contoso;
  let domain: DomainConnection;
  let awkward: Awkward;

  beforeAll(async () => {
    contoso = await startContoso();
    awkward = await fillAwkwardDomain(contoso.controller.directory, { computers: 300 });
    domain = await contoso.connectAs('Administrator');
  });
  afterAll(async () => {
    await domain.close();
    await contoso.close();
  });

  test.each(AWKWARD_FORMS.map(({ name, acts }) => [name, acts] as const))(
    'the form %s: %s may act',
    async (name, acts) => {
      // The computer alone has a name of the protocol's.
      const made = awkward.made.get(`form ${name}`) ?? [];
      const targets = made.filter((one) => one.startsWith('AWF'));
      expect(targets).toHaveLength(1);
      // The list with an orphan has the middle beside it.
      const allowed = ['middle', 'group', 'everybody', 'computers', 'orphan'].includes(acts);
      for (const target of targets) {
        const { prediction } = await explainHop(
          { middles: domain, targets: domain },
          { user: 'aw-müller', middle: 'AWMIDDLE', target, evidence: 'protocol-transition' },
          NOW,
        );
        const { outcome, refusal } = prediction;
        expect([target, outcome, refusal?.stage]).toEqual(
          allowed ? [target, 'allowed', undefined] : [target, 'refused', 's4u2proxy'],
        );
      }
    },
  );

  test('a managed account without a service name: nobody gets a ticket to it', async () => {
    const question = { user: 'aw-müller', middle: 'AWMIDDLE', target: 'awg04' };
    const { prediction } = await explainHop(
      { middles: domain, targets: domain },
      { ...question, evidence: 'protocol-transition' },
      NOW,
    );
    expect(prediction.refusal?.reason).toBe('target-unknown');
  });

  test('every account that could act, whatever it is called', async () => {
    const [open = ''] = awkward.made.get('form NULL DACL') ?? [];
    const middles: string[] = [];
    for await (const dn of findMiddles(domain)) middles.push(dn);
    const question = { user: 'CN=alice,CN=Users,DC=contoso,DC=com', middles, targets: [open] };
    const ends = new Map<string, number>();
    for await (const row of explainTable({ middles: domain, targets: domain }, question, NOW)) {
      const { mode, refusal } = row.prediction;
      const end = mode ?? refusal?.reason ?? '';
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
    expect(ends.get('rbcd')).toBeGreaterThan(300);
    expect([...ends.keys()].toSorted()).toEqual(['rbcd', 'server-disabled']);
  });
});
