// The hooks of tests that run foreign tools on a member of a domain of our own.
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { type Corp, type CorpOptions, startCorp } from './corp.ts';
import { type Member, startMember } from './member.ts';
import type { PeerName } from './packages.ts';
import { requirePeers, requireRoot, whyMissing } from './peers.ts';
import type { Outcome, RunOptions } from './run.ts';
import { makeTempDir, removeDir } from './temp.ts';

/** The domain and its member, while tests run. */
export interface MemberFixture {
  readonly dir: string;
  readonly corp: Corp;
  /** Runs a command on the member; the default ccache is the Administrator's. */
  readonly run: (
    command: string,
    args: readonly string[],
    options?: RunOptions,
  ) => Promise<Outcome>;
}

interface Setting {
  /** Host name of the member. */
  readonly host?: string;
  readonly corp?: CorpOptions;
}

/** Called in a `describe`: starts the domain and a member for its tests; logs on there. */
export function useMember(
  name: string,
  needed: readonly PeerName[],
  setting: Setting = {},
): MemberFixture {
  const dir = makeTempDir(name);
  const peers = [...needed, 'dnsmasq', 'mit'] as const;
  let running: { corp: Corp; member: Member } | undefined;

  beforeAll(async () => {
    if (whyMissing(...peers) !== undefined || process.getuid?.() !== 0) return;
    const corp = await startCorp(dir, setting.corp);
    const member = await startMember(corp, setting.host);
    running = { corp, member };
    await member.run('kinit', [corp.administrator.name], {
      input: `${corp.administrator.password}\n`,
    });
  });
  afterAll(async () => {
    await running?.member.stop();
    await running?.corp.stop();
    removeDir(dir);
    expect(running?.corp.defects ?? []).toEqual([]);
  });
  beforeEach((context) => {
    requirePeers(context, ...peers);
    requireRoot(context);
  });

  const current = () => {
    if (running === undefined) throw new Error('the domain was not started');
    return running;
  };
  return {
    dir,
    get corp() {
      return current().corp;
    },
    run: (command, args, options) => current().member.run(command, args, options),
  };
}
