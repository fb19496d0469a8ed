import { ACCOUNT_CONTROL } from '@doublehop/security/account-control';

/** A property of the module that is one bit of userAccountControl (MS-ADTS 2.2.16). */
export interface AccountFlag {
  readonly name: string;
  readonly bit: number;
  /** The property is true where the bit is not set. */
  readonly isInverse: boolean;
}

const {
  ACCOUNTDISABLE,
  DONT_EXPIRE_PASSWORD,
  DONT_REQ_PREAUTH,
  ENCRYPTED_TEXT_PASSWORD_ALLOWED,
  HOMEDIR_REQUIRED,
  NOT_DELEGATED,
  PASSWD_NOTREQD,
  SMARTCARD_REQUIRED,
  TRUSTED_FOR_DELEGATION,
  TRUSTED_TO_AUTH_FOR_DELEGATION,
  USE_DES_KEY_ONLY,
} = ACCOUNT_CONTROL;

/** The properties that are such bits, as Get-ADUser and Set-ADAccountControl have them. */
export const ACCOUNT_FLAGS: readonly AccountFlag[] = [
  { name: 'Enabled', bit: ACCOUNTDISABLE, isInverse: true },
  flag('TrustedForDelegation', TRUSTED_FOR_DELEGATION),
  flag('TrustedToAuthForDelegation', TRUSTED_TO_AUTH_FOR_DELEGATION),
  flag('AccountNotDelegated', NOT_DELEGATED),
  flag('PasswordNeverExpires', DONT_EXPIRE_PASSWORD),
  flag('PasswordNotRequired', PASSWD_NOTREQD),
  flag('SmartcardLogonRequired', SMARTCARD_REQUIRED),
  flag('DoesNotRequirePreAuth', DONT_REQ_PREAUTH),
  flag('UseDESKeyOnly', USE_DES_KEY_ONLY),
  flag('AllowReversiblePasswordEncryption', ENCRYPTED_TEXT_PASSWORD_ALLOWED),
  flag('HomedirRequired', HOMEDIR_REQUIRED),
];

const BY_NAME: ReadonlyMap<string, AccountFlag> = new Map(
  ACCOUNT_FLAGS.map((one) => [one.name.toLowerCase(), one]),
);

/** The flag that a property is, without case; undefined: it is none. */
export function accountFlag(property: string): AccountFlag | undefined {
  return BY_NAME.get(property.toLowerCase());
}

function flag(name: string, bit: number): AccountFlag {
  return { name, bit, isInverse: false };
}
