/** The named limits of the lab. Times are milliseconds. */

/** Failures of one kind that an LSA remembers. */
export const MAX_NEGATIVE_ENTRIES = 4096;

/** Tickets of S4U that an LSA keeps. */
export const MAX_S4U_TICKETS = 4096;

/** After which an LSA looks again for tickets of S4U and failures whose time is over. */
export const LSA_SWEEP = 60_000;

/** Members of a host's group Administrators, as its file has them. */
export const MAX_LOCAL_MEMBERS = 1024;

/** Logon sessions of one host. */
export const MAX_LOGON_SESSIONS = 1024;

/** Octets of the header of an HTTP request: tickets of users in many groups are large. */
export const MAX_HTTP_HEADER = 64 * 1024;

/** Connections to the web service of one host. */
export const MAX_HTTP_CONNECTIONS = 256;

/** In which an HTTP request must have arrived. */
export const HTTP_REQUEST_WAIT = 10_000;

/** Octets of one line of the control protocol. */
export const MAX_CONTROL_LINE = 256 * 1024;

/** Connections to a control socket. */
export const MAX_CONTROL_CONNECTIONS = 64;

/** In which a control request must be sent, and answered. */
export const CONTROL_WAIT = 10_000;

/** Octets of a path of a Unix socket: sun_path has 108 on Linux and 104 on macOS and BSD. */
export const MAX_SOCKET_PATH = 103;

/** In which a process of the lab must be ready; far more than it takes. */
export const START_WAIT = 30_000;

/** In which a process ends after SIGTERM; afterwards it is killed. */
export const STOP_WAIT = 5_000;

/** After which a process of the lab looks again whether its folder is still there. */
export const FOLDER_LOOK = 1_000;

/** In which a service answers to show that it is there. */
export const PROBE_WAIT = 2_000;

/** For another command on the same lab to end. */
export const LOCK_WAIT = 30_000;

/** Octets of a log after which a new one is begun; one old log is kept. */
export const MAX_LOG = 32 * 1024 * 1024;

/** Octets of lab.json. */
export const MAX_STATE_FILE = 1024 * 1024;

/** Seconds by which a host's caches can be aged at a time: ten years. */
export const MAX_ADVANCE = 10 * 365 * 24 * 3600;

/** Connections to the file server of one host. */
export const MAX_FILE_CONNECTIONS = 128;

/** Octets of one question about a host, on its pipe. */
export const MAX_QUERY = 32 * 1024;

/** Octets of the answer to it. */
export const MAX_QUERY_ANSWER = 1024 * 1024;

/** Octets of a file that Get-Content reads. */
export const MAX_CONTENT = 16 * 1024 * 1024;

/** Entries that one answer about a host's event log has at most. */
export const MAX_EVENTS = 4096;

/** Names or patterns in one question about a host. */
export const MAX_QUERY_NAMES = 256;

/** In which a computer that restarts must be there again, if nobody says otherwise. */
export const RESTART_WAIT = 300_000;

/** After which a computer that restarts is asked again. */
export const RESTART_LOOK = 200;

/** Folders that a recursive list goes down. */
export const MAX_LIST_DEPTH = 32;

/** Connections to one port of a host's WinRM service at once. */
export const MAX_REMOTING_CONNECTIONS = 512;

/** Octets of what a WinRM service says of itself. */
export const MAX_IDENTIFY = 16 * 1024;

/** Milliseconds in which it has to. */
export const IDENTIFY_WAIT = 20_000;

/** Connections to one port of the other domain's controller at once. */
export const MAX_OTHER_DOMAIN_CONNECTIONS = 64;
