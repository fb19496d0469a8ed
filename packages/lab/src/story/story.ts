import type { Stage } from './actors.ts';
import { Person } from './actors.ts';
import { lastDelegationMode } from './audit-trail.ts';
import {
  type Cast,
  firstHop,
  grant,
  purgedHop,
  refusedHop,
  rememberedRefusal,
  setTheStage,
  severalMiddles,
  sweep,
  undo,
} from './scenes.ts';
import type { Teller } from './told.ts';

/** What the story is told with. */
export interface StoryOptions {
  readonly stage: Stage;
  /** `klist purge -li 0x3e7` on a host of the lab; what it removed, in words. */
  readonly purge: (host: string) => Promise<string>;
  readonly tell: Teller;
}

const SCENES = [
  firstHop,
  refusedHop,
  grant,
  rememberedRefusal,
  purgedHop,
  severalMiddles,
  sweep,
  undo,
] as const;

/**
 * Plays the double hop on a lab that is up: every step a real exchange over sockets, told as it
 * happens. Returns whether all of them behaved as they must.
 */
export async function playStory({ stage, purge, tell }: StoryOptions): Promise<boolean> {
  const administrator = await Person.logOn('Administrator', stage);
  const directory = await administrator.administer();
  try {
    let asTold = true;
    const cast: Cast = {
      scenario: stage.scenario,
      alice: await Person.logOn('alice', stage),
      directory,
      purge,
      lastMode: () => lastDelegationMode(stage.paths.audit),
      tell(step) {
        asTold &&= step.ok;
        tell(step);
      },
    };
    await setTheStage(cast);
    for (const scene of SCENES) await scene(cast);
    return asTold;
  } finally {
    await directory.close();
  }
}
