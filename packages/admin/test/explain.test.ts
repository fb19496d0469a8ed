// explain over LDAP with a real domain: how parties are found, what is said about an answer, and
// what becomes of facts that cannot be read.
import { parseSddl } from '@doublehop/security/sddl';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DomainConnection } from '../src/connection.ts';
import { type Explanation, explainHop, type HopQuestion, readHop } from '../src/explain/explain.ts';
import { fixesOf } from '../src/explain/fixes.ts';
import type { HopFacts, HopParty } from '../src/explain/hop-facts.ts';
import { predictHop } from '../src/explain/predict.ts';
import { explainTable, findMiddles } from '../src/explain/table.ts';
import { decidingValue } from '../src/explain/values.ts';
import { type Contoso, SERVERS, startContoso } from './support/contoso.ts';

const NOW = Date.UTC(2026, 5, 1, 12);
const ALLOWED_TO_ACT = 'msDS-AllowedToActOnBehalfOfOtherIdentity';
const LIST = 'msDS-AllowedToDelegateTo';
const ALICE = 'CN=alice,CN=Users,DC=contoso,DC=com';

describe('explain', () => {
  let contoso: Contoso;
  let domain: DomainConnection;

  beforeAll(async () => {
    contoso = await startContoso();
    domain = await contoso.connectAs('Administrator');
  });
  afterAll(async () => {
    await domain.close();
    await contoso.close();
  });

  const ask = async (question: Partial<HopQuestion> = {}): Promise<Explanation> =>
    await explainHop(
      { middles: domain, targets: domain },
      { user: 'alice', middle: 'ServerB', target: 'cifs/ServerC', ...question },
      NOW,
    );
  /** Sets an attribute for the time of a test; undefined: it is absent. */
  const having = async (
    dn: string,
    attribute: string,
    value: string | Uint8Array | undefined,
    then: () => Promise<void>,
  ): Promise<void> => {
    const { directory } = contoso.controller;
    const set = async (to: string | Uint8Array | undefined): Promise<void> => {
      const values = to === undefined ? [] : [to];
      await directory.modify(dn, [{ operation: 'replace', attribute, values }]);
    };
    const before = directory.get(dn).values(attribute)[0];
    await set(value);
    try {
      await then();
    } finally {
      await set(before);
    }
  };
  const serverC = `CN=ServerC,${SERVERS}`;
  const serverB = `CN=ServerB,${SERVERS}`;
  const granting = async (then: () => Promise<void>): Promise<void> => {
    const sid = contoso.controller.accounts.byName('SERVERB$')?.sid ?? '';
    const value = encodeDescriptor(parseSddl(`O:BAD:(A;;0xf01ff;;;${sid})`));
    await having(serverC, ALLOWED_TO_ACT, value, then);
  };

  describe('answers', () => {
    test('refused: nobody is listed; what would change that, and what it would widen', async () => {
      const { prediction, fixes, secondHop, caches } = await ask();
      expect(prediction).toMatchObject({
        outcome: 'refused',
        refusal: {
          reason: 'rbcd-descriptor-absent',
          code: 13,
          status: 'STATUS_NOT_FOUND',
          stage: 's4u2proxy',
        },
        unread: [],
      });
      expect(prediction.stages.map(({ stage }) => stage)).toEqual(['own-ticket', 's4u2proxy']);
      expect(fixes[0]).toMatchObject({
        commands: ['doublehop grant --middle SERVERB --target SERVERC'],
        reach: 'narrow',
      });
      expect(fixes[0]?.widens).toContain('every service of SERVERC');
      expect(secondHop).toMatchObject({ protocol: 'smb', stockWindows: 'works' });
      expect(caches).toContainEqual(
        expect.objectContaining({ id: 's4u-tickets', until: NOW + 15 * 60_000 }),
      );
    });

    test('allowed, with the value that decided', async () => {
      await granting(async () => {
        const { prediction, facts, fixes } = await ask();
        expect(prediction).toMatchObject({ outcome: 'allowed', mode: 'rbcd', forwardable: true });
        expect(fixes).toEqual([]);
        const check = prediction.stages[1]?.decision.checks.find(({ id }) => id === 'rbcd-access');
        if (check === undefined) throw new Error('no check');
        expect(check.detail).toBe('SERVERC$ lists SERVERB$ (entry 1)');
        expect(check.rule).toBe('MS-SFU 3.2.5.2.3');
        expect(decidingValue(facts, check)?.value).toMatch(/^O:BAD:\(A;;.*;;;S-1-5-21-/u);
      });
    });

    test('by the list of the middle; protocol transition then needs the bit', async () => {
      await having(serverB, LIST, 'cifs/ServerC', async () => {
        const own = await ask();
        expect(own.prediction).toMatchObject({ outcome: 'allowed', mode: 'kcd' });
        expect(own.remarks.join()).toContain('PowerShell remoting');
        const { prediction, fixes } = await ask({ evidence: 'protocol-transition' });
        expect(prediction).toMatchObject({
          outcome: 'refused',
          forwardable: false,
          refusal: { reason: 'evidence-not-forwardable', status: 'STATUS_ACCOUNT_RESTRICTION' },
        });
        expect(fixes.map(({ reach }) => reach)).toEqual(['none', 'wide']);
      });
    });

    test('a sensitive user: the fixes say what the mark is for', async () => {
      await having(ALICE, 'userAccountControl', String(0x10_0200), async () => {
        await granting(async () => {
          const { prediction, fixes } = await ask();
          expect(prediction.refusal?.reason).toBe('evidence-not-forwardable');
          expect(fixes[0]?.widens).toBe('nothing');
          expect(fixes[1]?.commands).toEqual(['doublehop flags clear sensitive --account alice']);
        });
      });
    });

    test('a grant that would not be enough: what stands behind it', async () => {
      await having(ALICE, 'userAccountControl', String(0x10_0200), async () => {
        const { prediction, remarks } = await ask();
        expect(prediction.refusal?.reason).toBe('rbcd-descriptor-absent');
        expect(remarks[0]).toMatch(
          /^a grant alone is not enough: .*alice@CONTOSO\.COM is sensitive/u,
        );
      });
      expect((await ask()).remarks.join()).not.toContain('alone');
    });

    test('a middle that needs no permission', async () => {
      await having(serverB, 'userAccountControl', String(0x8_1000), async () => {
        expect((await ask()).remarks.join()).toContain('needs no permission at all');
      });
    });

    test('the first request that is refused ends it', async () => {
      await having(ALICE, 'userAccountControl', '514', async () => {
        const { prediction } = await ask();
        expect(prediction.refusal).toMatchObject({ reason: 'user-disabled', stage: 'own-ticket' });
        expect(prediction.stages).toHaveLength(1);
      });
    });
  });

  describe('targets', () => {
    test('a name that HOST stands for, and one that it does not', async () => {
      const { facts, remarks } = await ask({ target: 'http/serverc.contoso.com' });
      expect(facts.target).toMatchObject({ through: 'HOST/serverc.contoso.com' });
      expect(remarks.join()).toContain('sPNMappings');
      const { prediction, fixes, caches } = await ask({ target: 'wsman/ServerC' });
      expect(prediction.refusal).toMatchObject({ reason: 'target-unknown', code: 7 });
      expect(fixes[0]?.elsewhere).toContain('setspn -S wsman/ServerC');
      expect(caches.map(({ id }) => id)).toContain('spn-refusals');
    });

    test('an account: the protocol says which service is asked for', async () => {
      expect((await ask({ target: 'ServerC' })).facts.target.spn).toBe('cifs/serverc.contoso.com');
      const winrm = await ask({ target: 'ServerC', protocol: 'winrm' });
      expect(winrm.facts.target.spn).toBe('http/serverc.contoso.com');
      expect(winrm.secondHop).toMatchObject({ stockWindows: 'fails' });
      expect(winrm.secondHop.sentence).toContain('0x8009030E');
    });

    test('a name with a realm behind it', async () => {
      expect((await ask({ target: 'cifs/ServerC@CONTOSO.COM' })).facts.target.party).toBeDefined();
    });

    test('a name that two accounts have', async () => {
      const facts = await read({ target: 'cifs/ServerC' });
      const holders = [serverB, serverC];
      const target = { ...facts.target, holders, party: undefined };
      expect(predictHop({ ...facts, target }).refusal?.reason).toBe('target-ambiguous');
    });
  });

  describe('parties that cannot be meant', () => {
    test.each<[Partial<HopQuestion>, string, string]>([
      [{ user: 'nobody' }, 'not-found', '--user'],
      [{ user: 'Middles' }, 'wrong-kind', '--user'],
      [{ middle: 'nobody' }, 'not-found', '--middle'],
      [{ middle: 'Middles' }, 'wrong-kind', '--middle'],
      [{ target: 'nobody' }, 'not-found', '--target'],
    ])('%j', async (question, code, argument) => {
      await expect(ask(question)).rejects.toMatchObject({ name: 'AdminError', code, argument });
    });
  });

  const read = async (question: Partial<HopQuestion> = {}): Promise<HopFacts> =>
    await readHop(
      { middles: domain, targets: domain },
      { user: 'alice', middle: 'ServerB', target: 'cifs/ServerC', ...question },
      NOW,
    );

  describe('what cannot be read', () => {
    const hidden = (party: HopParty | undefined): HopParty => {
      if (party === undefined) throw new Error('nobody');
      const { account } = party.hop;
      return {
        ...party,
        hop: {
          ...party.hop,
          restrictionsRead: false,
          account: { ...account, userAccountControl: 0, allowedToAct: undefined },
        },
      };
    };

    test('the list of the target: the answer depends on it, and on nothing else', async () => {
      const facts = await read();
      const target = { ...facts.target, party: hidden(facts.target.party) };
      const { outcome, unread } = predictHop({ ...facts, target });
      expect(outcome).toBe('depends');
      expect(unread).toEqual([
        expect.objectContaining({ id: 'target-account', object: 'SERVERC$', decides: true }),
      ]);
      expect(unread[0]?.sentence).toContain('whom it lists');
    });

    test('a target whose restrictions are denied to who asks', async () => {
      // All may be read but User-Account-Restrictions, of which the list is one (MS-ADA2 2.218).
      const sddl =
        'O:BAG:BAD:(OD;;RP;4c164200-20c0-11d0-a768-00aa006e0529;;S-1-1-0)' +
        '(A;;GR;;;AU)(A;;GA;;;SY)(A;;GA;;;BA)';
      const before = contoso.controller.directory.get(serverC).bytes('nTSecurityDescriptor');
      await granting(async () => {
        const hiding = encodeDescriptor(parseSddl(sddl));
        await having(serverC, 'nTSecurityDescriptor', hiding, async () => {
          const alice = await contoso.connectAs('alice');
          try {
            const connections = { middles: alice, targets: alice };
            const question = { user: 'alice', middle: 'ServerB', target: 'cifs/ServerC' };
            const { prediction } = await explainHop(connections, question, NOW);
            expect(prediction).toMatchObject({
              outcome: 'depends',
              unread: [{ id: 'target-account', object: 'SERVERC$', decides: true }],
            });
          } finally {
            await alice.close();
          }
        });
      });
      const after = contoso.controller.directory.get(serverC).bytes('nTSecurityDescriptor');
      expect(after).toEqual(before);
    });

    test('the user: decides where all else is in order, and not where nothing helps', async () => {
      const facts = await read();
      const user = hidden(facts.user);
      expect(predictHop({ ...facts, user })).toMatchObject({
        outcome: 'refused',
        unread: [{ id: 'user-account', decides: false }],
      });
      await granting(async () => {
        const granted = await read();
        expect(predictHop({ ...granted, user })).toMatchObject({
          outcome: 'depends',
          unread: [{ id: 'user-account', decides: true }],
        });
      });
    });

    test('groups of the middle: decide where a group is listed', async () => {
      const group = encodeDescriptor(parseSddl('O:BAD:(A;;CR;;;S-1-5-21-1-2-3-4)'));
      await having(serverC, ALLOWED_TO_ACT, group, async () => {
        const facts = await read();
        expect(predictHop(facts).outcome).toBe('refused');
        const middle = { ...facts.middle, hop: { ...facts.middle.hop, groups: undefined } };
        expect(predictHop({ ...facts, middle })).toMatchObject({
          outcome: 'depends',
          unread: [{ id: 'middle-groups', decides: true }],
        });
      });
      await granting(async () => {
        const facts = await read();
        const middle = { ...facts.middle, hop: { ...facts.middle.hop, groups: undefined } };
        expect(predictHop({ ...facts, middle }).outcome).toBe('allowed');
      });
    });

    test('claims: only a ticket tells them', async () => {
      const sddl = 'O:BAD:(XA;;CR;;;AU;(@User.department == "it"))';
      await having(serverC, ALLOWED_TO_ACT, encodeDescriptor(parseSddl(sddl)), async () => {
        expect((await ask()).prediction).toMatchObject({
          outcome: 'depends',
          unread: [{ id: 'middle-claims', object: 'SERVERB$', decides: true }],
        });
      });
      const denies = 'O:BAD:(XD;;CR;;;AU;(@User.department == "it"))(A;;CR;;;AU)';
      await having(serverC, ALLOWED_TO_ACT, encodeDescriptor(parseSddl(denies)), async () => {
        expect((await ask()).prediction.outcome).toBe('depends');
      });
    });

    test('a policy that is hidden', async () => {
      await granting(async () => {
        const facts = await read();
        const { party } = facts.target;
        if (party === undefined) throw new Error('nobody');
        const target = { ...facts.target, party: { ...party, policy: 'unread' } as const };
        expect(predictHop({ ...facts, target })).toMatchObject({
          outcome: 'depends',
          unread: [{ id: 'target-policy', decides: true }],
        });
      });
    });
  });

  describe('authentication policies', () => {
    const POLICIES =
      'CN=AuthN Policies,CN=AuthN Policy Configuration,CN=Services,CN=Configuration,' +
      'DC=contoso,DC=com';

    test('of the target: asked about the middle', async () => {
      const dn = `CN=Tier 0,${POLICIES}`;
      await contoso.controller.directory.add(dn, {
        objectClass: 'msDS-AuthNPolicy',
        'msDS-AuthNPolicyEnforced': 'TRUE',
        'msDS-ComputerAllowedToAuthenticateTo': encodeDescriptor(
          parseSddl('O:BAD:(A;;CR;;;S-1-5-21-1-2-3-4)'),
        ),
      });
      await having(serverC, 'msDS-AssignedAuthNPolicy', dn, async () => {
        await granting(async () => {
          const { prediction } = await ask();
          expect(prediction.refusal).toMatchObject({
            reason: 'target-authentication-policy',
            code: 12,
            status: 'STATUS_AUTHENTICATION_FIREWALL_FAILED',
          });
          expect(prediction.stages.at(-1)?.decision.sentence).toContain('Tier 0');
        });
      });
      await having(serverB, 'msDS-AssignedAuthNPolicy', dn, async () => {
        expect((await ask()).prediction.refusal).toMatchObject({
          reason: 'server-authentication-policy',
          stage: 'own-ticket',
        });
      });
    });
  });

  test('devices at which the user may log on: said, and not decided', async () => {
    const parent = 'CN=AuthN Policy Configuration,CN=Services,CN=Configuration,DC=contoso,DC=com';
    const dn = `CN=Desks,CN=AuthN Policies,${parent}`;
    await contoso.controller.directory.add(dn, {
      objectClass: 'msDS-AuthNPolicy',
      'msDS-AuthNPolicyEnforced': 'TRUE',
      'msDS-UserAllowedToAuthenticateFrom': encodeDescriptor(parseSddl('O:BAD:(A;;CR;;;WD)')),
    });
    await having(ALICE, 'msDS-AssignedAuthNPolicy', dn, async () => {
      const { remarks, prediction } = await ask();
      expect(remarks.join()).toContain('Desks says at which devices alice@CONTOSO.COM may log on');
      expect(prediction.stages[0]?.decision.checks).toContainEqual(
        expect.objectContaining({ id: 'user-device', evidence: 'assumed' }),
      );
    });
  });

  test('a table: each party is read once; every middle of a domain', async () => {
    const connections = { middles: domain, targets: domain };
    const middles: string[] = [];
    for await (const dn of findMiddles(domain)) middles.push(dn);
    expect(middles).toContain(serverB);
    await granting(async () => {
      const targets = ['cifs/ServerC', 'cifs/JumpBox'];
      const allowed: string[] = [];
      let rows = 0;
      for await (const row of explainTable(connections, { user: 'alice', middles, targets }, NOW)) {
        rows += 1;
        const { middle, target } = row.facts;
        if (row.prediction.outcome === 'allowed') {
          allowed.push(`${middle.hop.account.name} ${target.spn}`);
        }
      }
      expect(rows).toBe(middles.length * 2);
      expect(allowed).toEqual(['SERVERB$ cifs/ServerC']);
    });
  });

  test('names that a shell would take apart stand in quotes', async () => {
    const facts = await read();
    const { hop } = facts.middle;
    for (const [name, shown] of [
      ['ServerB$', 'ServerB'],
      ["O'Brien & $HOME 😀$", String.raw`'O'\''Brien & $HOME 😀'`],
    ] as const) {
      const middle = { ...facts.middle, hop: { ...hop, account: { ...hop.account, name } } };
      const asked = { ...facts, middle };
      const [fix] = fixesOf(asked, predictHop(asked));
      expect(fix?.commands).toEqual([`doublehop grant --middle ${shown} --target SERVERC`]);
    }
  });

  describe('across domains', () => {
    test('resource-based delegation alone; both KDCs decide', async () => {
      await granting(async () => {
        const facts = { ...(await read()), acrossDomains: true };
        const { outcome, stages } = predictHop(facts);
        expect(outcome).toBe('allowed');
        expect(stages.map(({ stage }) => stage)).toEqual(['own-ticket', 'referral', 's4u2proxy']);
      });
      await having(serverB, LIST, 'cifs/ServerC', async () => {
        const facts = { ...(await read()), acrossDomains: true };
        expect(predictHop(facts).refusal?.reason).toBe('rbcd-descriptor-absent');
      });
    });
  });
});
