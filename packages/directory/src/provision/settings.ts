/** DS_BEHAVIOR_WIN2016 (MS-ADTS 6.1.4.2): of the domain, the forest and the controller. */
export const FUNCTIONAL_LEVEL = '7';

/** objectVersion of the schema: that of Windows Server 2019 and 2022 (MS-ADTS 6.1.1.1.3). */
export const SCHEMA_VERSION = '88';

/** The site of the first controller (MS-ADTS 6.1.1.2.2.1). */
export const FIRST_SITE = 'Default-First-Site-Name';

/** The two policies that every domain has (MS-GPOL 2.2.1.1; their names are fixed GUIDs). */
export const DOMAIN_POLICY = '{31B2F340-016D-11D2-945F-00C04FB984F9}';
export const CONTROLLERS_POLICY = '{6AC1786C-016F-11D2-945F-00C04FB984F9}';

/** The relative identifier of the first controller. */
export const CONTROLLER_RID = 1000;

/** The first controller's RIDs, and those left to others (MS-ADTS 6.1.5.3). */
export const FIRST_POOL = { low: 1100, high: 1599 } as const;
export const LAST_RID = 1_073_741_823;
