import type { HopQuestion } from '@doublehop/admin/explain/explain';
import type { EvidenceKind } from '@doublehop/admin/explain/hop-facts';
import { SECOND_HOP_PROTOCOLS } from '@doublehop/admin/explain/second-hop';
import type { KdcProfile } from '@doublehop/delegation/profiles';
import { type Command, Option } from 'commander';

/** Options that name a hop. */
export interface HopOptions {
  readonly evidence?: EvidenceKind;
  readonly protocol?: 'smb' | 'rpc' | 'http' | 'winrm';
  readonly kdc?: KdcProfile;
}

/** Adds the options that both `explain` and `prove` take. */
export function addHopOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--evidence <kind>', 'how the middle comes by a ticket of the user').choices([
        'kerberos',
        'protocol-transition',
      ]),
    )
    .addOption(
      new Option('--protocol <name>', 'of the second hop; default: by the service name').choices(
        SECOND_HOP_PROTOCOLS,
      ),
    )
    .addOption(
      new Option('--kdc <product>', 'whose rules; default: what the controller is').choices([
        'windows',
        'windows-legacy',
        'samba',
      ]),
    );
}

/** The question that options of a command ask. */
export function questionOf(
  parties: Pick<HopQuestion, 'user' | 'middle' | 'target'>,
  { evidence, protocol, kdc }: HopOptions,
): HopQuestion {
  return { ...parties, evidence, protocol, profile: kdc };
}
