/** Object identifiers of extended operations. */
export const EXTENDED = {
  /** RFC 4511 §4.14.1. */
  startTls: '1.3.6.1.4.1.1466.20037',
  /** RFC 4511 §4.4.1: the one unsolicited notification. */
  noticeOfDisconnection: '1.3.6.1.4.1.1466.20036',
  /** RFC 4532 §2. */
  whoAmI: '1.3.6.1.4.1.4203.1.11.3',
  /** RFC 3062 §2. */
  passwordModify: '1.3.6.1.4.1.4203.1.11.1',
  /** RFC 3909 §2. */
  cancel: '1.3.6.1.1.8',
  /** MS-ADTS 3.1.1.3.4.2.3: fast bind. */
  fastBind: '1.2.840.113556.1.4.1781',
  /** RFC 2589, MS-ADTS 3.1.1.3.4.2.2: refresh of a dynamic entry. */
  ttlRefresh: '1.3.6.1.4.1.1466.101.119.1',
} as const;

/** Object identifiers of controls (MS-ADTS 3.1.1.3.4.1 unless another source is named). */
export const CONTROLS = {
  /** RFC 2696. */
  pagedResults: '1.2.840.113556.1.4.319',
  /** RFC 2891. */
  sortRequest: '1.2.840.113556.1.4.473',
  sortResponse: '1.2.840.113556.1.4.474',
  notification: '1.2.840.113556.1.4.528',
  showDeleted: '1.2.840.113556.1.4.417',
  crossDomainMove: '1.2.840.113556.1.4.521',
  extendedDn: '1.2.840.113556.1.4.529',
  lazyCommit: '1.2.840.113556.1.4.619',
  sdFlags: '1.2.840.113556.1.4.801',
  rangeOption: '1.2.840.113556.1.4.802',
  treeDelete: '1.2.840.113556.1.4.805',
  dirSync: '1.2.840.113556.1.4.841',
  getStats: '1.2.840.113556.1.4.970',
  verifyName: '1.2.840.113556.1.4.1338',
  domainScope: '1.2.840.113556.1.4.1339',
  searchOptions: '1.2.840.113556.1.4.1340',
  permissiveModify: '1.2.840.113556.1.4.1413',
  attributeScopedQuery: '1.2.840.113556.1.4.1504',
  quota: '1.2.840.113556.1.4.1852',
  forceUpdate: '1.2.840.113556.1.4.1974',
  rangeRetrievalNoError: '1.2.840.113556.1.4.1948',
  inputDn: '1.2.840.113556.1.4.2026',
  showRecycled: '1.2.840.113556.1.4.2064',
  showDeactivatedLink: '1.2.840.113556.1.4.2065',
  policyHints: '1.2.840.113556.1.4.2239',
  /** draft-ietf-ldapext-ldapv3-vlv. */
  virtualListView: '2.16.840.1.113730.3.4.9',
  virtualListViewResponse: '2.16.840.1.113730.3.4.10',
  /** draft-zeilenga-ldap-relax. */
  relax: '1.3.6.1.4.1.4203.666.5.12',
  /** RFC 3296 §3. */
  manageDsaIt: '2.16.840.1.113730.3.4.2',
  /** RFC 4370. */
  proxiedAuthorization: '2.16.840.1.113730.3.4.18',
} as const;

/** Object identifiers of matching rules for extensible filters (MS-ADTS 3.1.1.3.4.4). */
export const MATCHING_RULES = {
  bitAnd: '1.2.840.113556.1.4.803',
  bitOr: '1.2.840.113556.1.4.804',
  inChain: '1.2.840.113556.1.4.1941',
  dnWithData: '1.2.840.113556.1.4.2253',
} as const;
