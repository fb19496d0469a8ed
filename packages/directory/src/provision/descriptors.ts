/**
 * Descriptors of heads of naming contexts and of containers, in SDDL, as a domain has them at
 * domain functional level 7. Names of SIDs are those of the domain; inherited ACEs are added when
 * the entries are made.
 */

/** The head of the domain, after all updates of domain preparation (MS-ADTS 6.1.1.1.1). */
export const DOMAIN_SDDL =
  'O:BAG:BAD:AI' +
  '(OA;CIIO;RP;4c164200-20c0-11d0-a768-00aa006e0529;4828cc14-1437-45bc-9b07-ad6f015e5f28;RU)' +
  '(OA;CIIO;RP;4c164200-20c0-11d0-a768-00aa006e0529;bf967aba-0de6-11d0-a285-00aa003049e2;RU)' +
  '(OA;CIIO;RP;5f202010-79a5-11d0-9020-00c04fc2d4cf;4828cc14-1437-45bc-9b07-ad6f015e5f28;RU)' +
  '(OA;CIIO;RP;5f202010-79a5-11d0-9020-00c04fc2d4cf;bf967aba-0de6-11d0-a285-00aa003049e2;RU)' +
  '(OA;CIIO;RP;bc0ac240-79a9-11d0-9020-00c04fc2d4cf;4828cc14-1437-45bc-9b07-ad6f015e5f28;RU)' +
  '(OA;CIIO;RP;bc0ac240-79a9-11d0-9020-00c04fc2d4cf;bf967aba-0de6-11d0-a285-00aa003049e2;RU)' +
  '(OA;CIIO;RP;59ba2f42-79a2-11d0-9020-00c04fc2d3cf;4828cc14-1437-45bc-9b07-ad6f015e5f28;RU)' +
  '(OA;CIIO;RP;59ba2f42-79a2-11d0-9020-00c04fc2d3cf;bf967aba-0de6-11d0-a285-00aa003049e2;RU)' +
  '(OA;CIIO;RP;037088f8-0ae1-11d2-b422-00a0c968f939;4828cc14-1437-45bc-9b07-ad6f015e5f28;RU)' +
  '(OA;CIIO;RP;037088f8-0ae1-11d2-b422-00a0c968f939;bf967aba-0de6-11d0-a285-00aa003049e2;RU)' +
  '(OA;;CR;1131f6aa-9c07-11d1-f79f-00c04fc2dcd2;;RO)' +
  '(OA;;CR;1131f6ad-9c07-11d1-f79f-00c04fc2dcd2;;DD)' +
  '(OA;CIIO;RP;b7c69e6d-2cc7-11d2-854e-00a0c983f608;bf967a86-0de6-11d0-a285-00aa003049e2;ED)' +
  '(OA;CIIO;RP;b7c69e6d-2cc7-11d2-854e-00a0c983f608;bf967a9c-0de6-11d0-a285-00aa003049e2;ED)' +
  '(OA;CIIO;RP;b7c69e6d-2cc7-11d2-854e-00a0c983f608;bf967aba-0de6-11d0-a285-00aa003049e2;ED)' +
  '(OA;;CR;89e95b76-444d-4c62-991a-0facbeda640c;;BA)' +
  '(OA;;CR;1131f6aa-9c07-11d1-f79f-00c04fc2dcd2;;BA)' +
  '(OA;;CR;1131f6ab-9c07-11d1-f79f-00c04fc2dcd2;;BA)' +
  '(OA;;CR;1131f6ac-9c07-11d1-f79f-00c04fc2dcd2;;BA)' +
  '(OA;;CR;1131f6ad-9c07-11d1-f79f-00c04fc2dcd2;;BA)' +
  '(OA;;CR;1131f6ae-9c07-11d1-f79f-00c04fc2dcd2;;BA)' +
  '(OA;;CR;e2a36dc9-ae17-47c3-b58b-be34c55ba633;;S-1-5-32-557)' +
  '(OA;;RP;c7407360-20bf-11d0-a768-00aa006e0529;;RU)' +
  '(OA;;RP;b8119fd0-04f6-4762-ab7a-4986c76b3f9a;;RU)' +
  '(OA;CIIO;RPLCLORC;;4828cc14-1437-45bc-9b07-ad6f015e5f28;RU)' +
  '(OA;CIIO;RPLCLORC;;bf967a9c-0de6-11d0-a285-00aa003049e2;RU)' +
  '(OA;CIIO;RPLCLORC;;bf967aba-0de6-11d0-a285-00aa003049e2;RU)' +
  '(OA;;CR;05c74c5e-4deb-43b4-bd9f-86664c2a7fd5;;AU)' +
  '(OA;;CR;89e95b76-444d-4c62-991a-0facbeda640c;;ED)' +
  '(OA;;CR;ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501;;AU)' +
  '(OA;;CR;280f369c-67c7-438e-ae98-1d46f3c6f541;;AU)' +
  '(OA;;CR;1131f6aa-9c07-11d1-f79f-00c04fc2dcd2;;ED)' +
  '(OA;;CR;1131f6ab-9c07-11d1-f79f-00c04fc2dcd2;;ED)' +
  '(OA;;CR;1131f6ac-9c07-11d1-f79f-00c04fc2dcd2;;ED)' +
  '(OA;;CR;1131f6ae-9c07-11d1-f79f-00c04fc2dcd2;;ED)' +
  '(OA;;RP;b8119fd0-04f6-4762-ab7a-4986c76b3f9a;;AU)' +
  '(OA;CIIO;RPWPCR;91e647de-d96f-4b70-9557-d63ff4f3ccd8;;PS)' +
  '(OA;CIIO;WP;ea1b7b93-5e48-46d5-bc6c-4df4fda78a35;bf967a86-0de6-11d0-a285-00aa003049e2;PS)' +
  '(OA;;CR;3e0f7e18-2c7a-4c10-ba82-4d926db99a3e;;CN)' +
  '(OA;OICI;RPWP;3f78c3e5-f79a-46bd-a0b8-9d18116ddc79;;PS)' +
  '(OA;CI;RPWP;5b47d60f-6090-40b2-9f37-2a4de88f3063;;KA)' +
  '(OA;CI;RPWP;5b47d60f-6090-40b2-9f37-2a4de88f3063;;EK)' +
  '(OA;CIIO;SW;9b026da6-0d3c-465c-8bee-5199d7165cba;bf967a86-0de6-11d0-a285-00aa003049e2;PS)' +
  '(OA;CIIO;SW;9b026da6-0d3c-465c-8bee-5199d7165cba;bf967a86-0de6-11d0-a285-00aa003049e2;CO)' +
  '(A;;RPWPCRCCLCLORCWOWDSW;;;DA)(A;CI;RPWPCRCCDCLCLORCWOWDSDDTSW;;;EA)(A;;RPRC;;;RU)' +
  '(A;CI;LC;;;RU)(A;CI;RPWPCRCCLCLORCWOWDSDSW;;;BA)(A;;RP;;;WD)(A;;RPLCLORC;;;ED)' +
  '(A;;RPLCLORC;;;AU)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)S:AI' +
  '(OU;CISA;WP;f30e3bbe-9ff0-11d1-b603-0000f80367c1;bf967aa5-0de6-11d0-a285-00aa003049e2;WD)' +
  '(OU;CISA;WP;f30e3bbf-9ff0-11d1-b603-0000f80367c1;bf967aa5-0de6-11d0-a285-00aa003049e2;WD)' +
  '(AU;SA;CR;;;DU)(AU;SA;CR;;;BA)(AU;SA;WPWOWD;;;WD)';

/** The head of the configuration (MS-ADTS 6.1.1.1.2). */
export const CONFIGURATION_SDDL =
  'O:EAG:EAD:(OA;;CR;1131f6aa-9c07-11d1-f79f-00c04fc2dcd2;;ED)' +
  '(OA;;CR;1131f6ab-9c07-11d1-f79f-00c04fc2dcd2;;ED)' +
  '(OA;;CR;1131f6ac-9c07-11d1-f79f-00c04fc2dcd2;;ED)' +
  '(OA;;CR;1131f6aa-9c07-11d1-f79f-00c04fc2dcd2;;BA)' +
  '(OA;;CR;1131f6ab-9c07-11d1-f79f-00c04fc2dcd2;;BA)' +
  '(OA;;CR;1131f6ac-9c07-11d1-f79f-00c04fc2dcd2;;BA)(A;;RPLCLORC;;;AU)' +
  '(A;CI;RPWPCRCCDCLCLORCWOWDSDDTSW;;;EA)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)' +
  '(A;CIIO;RPWPCRCCLCLORCWOWDSDSW;;;DA)(OA;;CR;1131f6ad-9c07-11d1-f79f-00c04fc2dcd2;;ED)' +
  '(OA;;CR;89e95b76-444d-4c62-991a-0facbeda640c;;ED)' +
  '(OA;;CR;1131f6ad-9c07-11d1-f79f-00c04fc2dcd2;;BA)' +
  '(OA;;CR;89e95b76-444d-4c62-991a-0facbeda640c;;BA)' +
  '(OA;;CR;1131f6aa-9c07-11d1-f79f-00c04fc2dcd2;;RO)S:(AU;SA;WPWOWD;;;WD)(AU;SA;CR;;;BA)' +
  '(AU;SA;CR;;;DU)(OU;SA;CR;45ec5156-db7e-47bb-b53f-dbeb2d03c40f;;WD)';

/** The head of the schema (MS-ADTS 6.1.1.1.3). */
export const SCHEMA_SDDL =
  'O:SAG:SAD:AI(OA;;CR;e12b56b6-0a95-11d1-adbb-00c04fd8d5cd;;SA)' +
  '(OA;;CR;1131f6aa-9c07-11d1-f79f-00c04fc2dcd2;;ED)' +
  '(OA;;CR;1131f6ab-9c07-11d1-f79f-00c04fc2dcd2;;ED)' +
  '(OA;;CR;1131f6ac-9c07-11d1-f79f-00c04fc2dcd2;;ED)' +
  '(OA;;CR;1131f6aa-9c07-11d1-f79f-00c04fc2dcd2;;BA)' +
  '(OA;;CR;1131f6ab-9c07-11d1-f79f-00c04fc2dcd2;;BA)' +
  '(OA;;CR;1131f6ac-9c07-11d1-f79f-00c04fc2dcd2;;BA)(A;CI;RPLCLORC;;;AU)' +
  '(A;CI;RPWPCRCCLCLORCWOWDSW;;;SA)(A;CI;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)' +
  '(OA;;CR;1131f6ad-9c07-11d1-f79f-00c04fc2dcd2;;ED)' +
  '(OA;;CR;89e95b76-444d-4c62-991a-0facbeda640c;;ED)' +
  '(OA;;CR;1131f6ad-9c07-11d1-f79f-00c04fc2dcd2;;BA)' +
  '(OA;;CR;89e95b76-444d-4c62-991a-0facbeda640c;;BA)' +
  '(OA;;CR;1131f6aa-9c07-11d1-f79f-00c04fc2dcd2;;RO)' +
  '(OA;;CR;1131f6ad-9c07-11d1-f79f-00c04fc2dcd2;;RO)' +
  '(OA;;CR;89e95b76-444d-4c62-991a-0facbeda640c;;RO)S:(AU;SA;WPCCDCWOWDSDDTSW;;;WD)' +
  '(AU;CISA;WP;;;WD)(AU;SA;CR;;;BA)(AU;SA;CR;;;DU)' +
  '(OU;SA;CR;e12b56b6-0a95-11d1-adbb-00c04fd8d5cd;;WD)' +
  '(OU;SA;CR;45ec5156-db7e-47bb-b53f-dbeb2d03c40f;;WD)';

/** CN=Partitions (MS-ADTS 6.1.1.2.1). */
export const PARTITIONS_SDDL =
  'D:(A;;LCLORC;;;AU)(OA;;RP;e48d0154-bcf8-11d1-8702-00c04fb96050;;AU)' +
  '(OA;;RP;d31a8757-2447-4545-8081-3bb610cacbf2;;AU)' +
  '(OA;;RP;66171887-8f3c-11d0-afda-00c04fd930c9;;AU)' +
  '(OA;;RP;032160bf-9824-11d1-aec0-0000f80367c1;;AU)' +
  '(OA;;RP;789ee1eb-8c8e-4e4c-8cec-79b31b7617b5;;AU)' +
  '(OA;;RP;5706aeaf-b940-4fb2-bcfc-5268683ad9fe;;AU)(A;;RPWPCRCCLCLORCWOWDSW;;;EA)' +
  '(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)(A;;CC;;;ED)' +
  '(OA;CIIO;WP;3df793df-9858-4417-a701-735a1ecebf74;bf967a8d-0de6-11d0-a285-00aa003049e2;BA)' +
  'S:(AU;CISA;WPCRCCDCWOWDSDDT;;;WD)';

/** CN=Sites (MS-ADTS 6.1.1.2.2). */
export const SITES_SDDL =
  'D:(A;;RPLCLORC;;;AU)' +
  '(OA;CIIO;SW;d31a8757-2447-4545-8081-3bb610cacbf2;f0f8ffab-1191-11d0-a060-00aa006c33ed;RO)' +
  '(A;;RPWPCRCCLCLORCWOWDSW;;;EA)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)S:' +
  '(AU;CISA;CCDCSDDT;;;WD)(OU;CIIOSA;CR;;f0f8ffab-1191-11d0-a060-00aa006c33ed;WD)' +
  '(OU;CIIOSA;WP;f30e3bbe-9ff0-11d1-b603-0000f80367c1;bf967ab3-0de6-11d0-a285-00aa003049e2;WD)' +
  '(OU;CIIOSA;WP;f30e3bbf-9ff0-11d1-b603-0000f80367c1;bf967ab3-0de6-11d0-a285-00aa003049e2;WD)' +
  '(OU;CIIOSA;WP;3e10944c-c354-11d0-aff8-0000f80367c1;b7b13124-b82e-11d0-afee-0000f80367c1;WD)';

/** CN=NTDS Quotas of the configuration: all may ask for their own (MS-ADTS 6.1.1.4). */
export const QUOTAS_SDDL =
  'D:(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;EA)(A;;RPLCLORC;;;BA)' +
  '(OA;;CR;4ecc03fe-ffc0-4947-b630-eb672a8a9dbc;;WD)';

/** Containers of the configuration that enterprise administrators fill but do not delete. */
export const ENTERPRISE_SDDL =
  'D:AI(A;;RPLCLORC;;;AU)(A;;RPWPCRCCLCLORCWOWDSW;;;EA)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)';

/** The same where all may read. */
export const ENTERPRISE_PUBLIC_SDDL =
  'D:AI(A;;RPLCLORC;;;WD)(A;;RPWPCRCCLCLORCWOWDSW;;;EA)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)';

/** The same where enterprise administrators may delete what is below. */
export const ENTERPRISE_CHILDREN_SDDL =
  'D:AI(A;;RPLCLORC;;;AU)' +
  '(A;;RPWPCRCCDCLCLORCWOWDSW;;;EA)' +
  '(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)';

/** CN=Infrastructure. */
export const INFRASTRUCTURE_SDDL =
  'D:(A;;RPLCLORC;;;AU)(A;;RPWPCRCCLCLORCWOWDSW;;;DA)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)S:' +
  '(AU;SA;WPCR;;;WD)';

/** CN=Computers: account operators and print operators make and delete there. */
export const COMPUTERS_SDDL =
  'D:(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)(A;;RPWPCRCCDCLCLORCWOWDSW;;;DA)' +
  '(OA;;CCDC;bf967a86-0de6-11d0-a285-00aa003049e2;;AO)' +
  '(OA;;CCDC;bf967aba-0de6-11d0-a285-00aa003049e2;;AO)' +
  '(OA;;CCDC;bf967a9c-0de6-11d0-a285-00aa003049e2;;AO)' +
  '(OA;;CCDC;bf967aa8-0de6-11d0-a285-00aa003049e2;;PO)(A;;RPLCLORC;;;AU)' +
  '(OA;;CCDC;4828cc14-1437-45bc-9b07-ad6f015e5f28;;AO)';

/** CN=Users, likewise. */
export const USERS_SDDL =
  'D:(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)(A;;RPWPCRCCDCLCLORCWOWDSW;;;DA)' +
  '(OA;;CCDC;bf967aba-0de6-11d0-a285-00aa003049e2;;AO)' +
  '(OA;;CCDC;bf967a9c-0de6-11d0-a285-00aa003049e2;;AO)' +
  '(OA;;CCDC;bf967aa8-0de6-11d0-a285-00aa003049e2;;PO)(A;;RPLCLORC;;;AU)' +
  '(OA;;CCDC;4828cc14-1437-45bc-9b07-ad6f015e5f28;;AO)';

/** CN=Managed Service Accounts, likewise. */
export const MANAGED_SDDL =
  'D:(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)(A;;RPWPCRCCDCLCLORCWOWDSW;;;DA)' +
  '(OA;;CCDC;ce206244-5827-4a86-ba1c-1c0c386c1b64;;AO)' +
  '(OA;;CCDC;bf967aba-0de6-11d0-a285-00aa003049e2;;AO)' +
  '(OA;;CCDC;bf967a9c-0de6-11d0-a285-00aa003049e2;;AO)(A;;RPLCLORC;;;AU)';

/** OU=Domain Controllers. */
export const CONTROLLERS_SDDL =
  'D:(A;;RPLCLORC;;;AU)(A;;RPWPCRCCLCLORCWOWDSW;;;DA)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)' +
  '(A;;RPLCLORC;;;ED)S:(AU;SA;CCDCWOWDSDDT;;;WD)(AU;CISA;WP;;;WD)';

/** Containers of the domain that its administrators fill but do not delete. */
export const SYSTEM_SDDL =
  'D:AI(A;;RPLCLORC;;;AU)(A;;RPWPCRCCLCLORCWOWDSW;;;DA)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)';

/** CN=LostAndFound: what is below may be deleted. */
export const LOST_SDDL =
  'D:AI(A;;RPLCLORC;;;AU)' +
  '(A;;RPWPCRCCDCLCLORCWOWDSW;;;DA)' +
  '(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)';

/** What protected accounts and groups have: CN=AdminSDHolder (MS-ADTS 6.1.1.5.1). */
export const ADMIN_SD_HOLDER_SDDL =
  'O:DAG:DAD:PAI' +
  '(OA;;RP;4c164200-20c0-11d0-a768-00aa006e0529;4828cc14-1437-45bc-9b07-ad6f015e5f28;RU)' +
  '(OA;;RP;4c164200-20c0-11d0-a768-00aa006e0529;bf967aba-0de6-11d0-a285-00aa003049e2;RU)' +
  '(OA;;RP;5f202010-79a5-11d0-9020-00c04fc2d4cf;4828cc14-1437-45bc-9b07-ad6f015e5f28;RU)' +
  '(OA;;RP;5f202010-79a5-11d0-9020-00c04fc2d4cf;bf967aba-0de6-11d0-a285-00aa003049e2;RU)' +
  '(OA;;RP;bc0ac240-79a9-11d0-9020-00c04fc2d4cf;4828cc14-1437-45bc-9b07-ad6f015e5f28;RU)' +
  '(OA;;RP;bc0ac240-79a9-11d0-9020-00c04fc2d4cf;bf967aba-0de6-11d0-a285-00aa003049e2;RU)' +
  '(OA;;RP;59ba2f42-79a2-11d0-9020-00c04fc2d3cf;4828cc14-1437-45bc-9b07-ad6f015e5f28;RU)' +
  '(OA;;RP;59ba2f42-79a2-11d0-9020-00c04fc2d3cf;bf967aba-0de6-11d0-a285-00aa003049e2;RU)' +
  '(OA;;RP;037088f8-0ae1-11d2-b422-00a0c968f939;4828cc14-1437-45bc-9b07-ad6f015e5f28;RU)' +
  '(OA;;RP;037088f8-0ae1-11d2-b422-00a0c968f939;bf967aba-0de6-11d0-a285-00aa003049e2;RU)' +
  '(OA;;RPWP;bf967a7f-0de6-11d0-a285-00aa003049e2;;CA)' +
  '(OA;;RP;46a9b11d-60ae-405a-b7e8-ff8a58d456d2;;S-1-5-32-560)' +
  '(OA;;RPWP;6db69a1c-9422-11d1-aebd-0000f80367c1;;S-1-5-32-561)' +
  '(OA;;RPWP;5805bc62-bdc9-4428-a5e2-856a0f4c185e;;S-1-5-32-561)' +
  '(OA;;LCRPLORC;;4828cc14-1437-45bc-9b07-ad6f015e5f28;RU)' +
  '(OA;;LCRPLORC;;bf967aba-0de6-11d0-a285-00aa003049e2;RU)' +
  '(OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;WD)' +
  '(OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;PS)' +
  '(OA;CI;RPWPCR;91e647de-d96f-4b70-9557-d63ff4f3ccd8;;PS)(A;;CCDCLCSWRPWPLOCRRCWDWO;;;DA)' +
  '(A;;CCDCLCSWRPWPLOCRRCWDWO;;;EA)(A;;CCDCLCSWRPWPLOCRSDRCWDWO;;;BA)(A;;LCRPLORC;;;AU)' +
  '(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;SY)S:AI(AU;SA;WPWDWO;;;WD)' +
  '(OU;CIIOIDSA;WP;f30e3bbe-9ff0-11d1-b603-0000f80367c1;bf967aa5-0de6-11d0-a285-00aa003049e2;WD)' +
  '(OU;CIIOIDSA;WP;f30e3bbf-9ff0-11d1-b603-0000f80367c1;bf967aa5-0de6-11d0-a285-00aa003049e2;WD)';

/** CN=Builtin has what the head of the domain has, of itself. */
export const BUILTIN_SDDL = DOMAIN_SDDL.slice(DOMAIN_SDDL.indexOf('D:'));
