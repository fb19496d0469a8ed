/** Most sub-authorities in a SID (MS-DTYP 2.4.2: SID_MAX_SUB_AUTHORITIES). */
export const MAX_SUB_AUTHORITIES = 15;

/**
 * Most bytes of a security descriptor: rangeUpper of the NT-Sec-Desc attributes of Active
 * Directory, msDS-AllowedToActOnBehalfOfOtherIdentity among them (MS-ADA2 2.218).
 */
export const MAX_DESCRIPTOR_SIZE = 132_096;

/** Most bytes of an ACL or an ACE: their size fields have 16 bits (MS-DTYP 2.4.5, 2.4.4.1). */
export const MAX_ACL_SIZE = 65_535;

/** Most characters of SDDL text: every byte of the largest descriptor as text, with room. */
export const MAX_SDDL_LENGTH = 1_048_576;

/** Most tokens of one conditional expression (a size of ours; an ACE holds fewer than this). */
export const MAX_CONDITION_TOKENS = 4_096;

/** Most operands that may wait on the evaluation stack (MS-DTYP 2.5.3.1.5). */
export const MAX_CONDITION_DEPTH = 256;

/**
 * Most values that the operators of one conditional expression compare altogether: its attributes
 * may each have thousands, and be named thousands of times (a size of ours).
 */
export const MAX_CONDITION_VALUES = 65_536;

/** Deepest nesting of composites and of parentheses in a conditional expression. */
export const MAX_CONDITION_NESTING = 64;

/** Most buffers in a PAC; Windows writes a dozen (MS-PAC 2.4 defines 15 types). */
export const MAX_PAC_BUFFERS = 64;

/** Most bytes of a PAC: MaxTokenSize of Windows is 48,000 and caps at 65,535 (MS-KILE 3.1.5). */
export const MAX_PAC_SIZE = 262_144;

/** Most entries of one list in a PAC: groups, extra SIDs, transited services. */
export const MAX_PAC_LIST = 8_192;

/** Most claims of one set in a PAC, and most sets of one PAC (a size of ours). */
export const MAX_CLAIMS = 1_024;

/** Most values of one claim in a PAC (a size of ours). */
export const MAX_CLAIM_VALUES = 8_192;

/** Most characters of a claim's ID or of a value of text, with the terminator. */
export const MAX_CLAIM_TEXT = 131_072;

/** Most bytes of an unpacked claims set (a size of ours; packed, it may be far smaller). */
export const MAX_CLAIMS_SIZE = 1_048_576;

/** Octets of a name in a netlogon ping and in its answer (MS-ADTS 6.3.3, RFC 1035 §2.3.4). */
export const MAX_NETLOGON_NAME = 255;
