/** An LDAP server under measurement. */
export interface BenchServer {
  readonly name: 'doublehop' | 'slapd' | 'samba';
  readonly address: string;
  readonly port: number;
  /** What to bind as, by a simple bind in clear text: the same for every server. */
  readonly bindDn: string;
  readonly password: string;
  readonly base: string;
  /** Entries of the population that it holds. */
  readonly size: number;
  readonly pids: readonly number[];
  /** Folders and files with its data, for their size. */
  readonly data: string;
  readonly stop: () => Promise<void>;
}
