import { DEFAULT_SETTINGS, type DelegationSettings } from './facts.ts';

/** A KDC by the way it decides; see docs/commands/explain.md, "KDCs differ". */
export type KdcProfile = 'windows' | 'windows-legacy' | 'samba';

/**
 * What each KDC does. `windows`: with every update, as our own. `windows-legacy`: with
 * NonForwardableDelegation = 1 in its registry (MS-SFU note 26). `samba`: its Heimdal KDC from 4.19
 * on, the first that knows resource-based delegation, as measured on 4.22.
 */
export const KDC_PROFILES: Readonly<Record<KdcProfile, DelegationSettings>> = {
  windows: DEFAULT_SETTINGS,
  'windows-legacy': { ...DEFAULT_SETTINGS, nonForwardableDelegation: 'legacy' },
  samba: {
    ...DEFAULT_SETTINGS,
    transition: 'trusted',
    protectedUsersTransit: true,
    freshPasswords: true,
    anyHour: true,
    networkToken: true,
  },
};
