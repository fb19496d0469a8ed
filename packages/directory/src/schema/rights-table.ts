// tidy: table
/**
 * Facts of control access rights (MS-ADTS 6.1.1.2.7), validated writes (5.1.3.2.2) and property
 * sets (3.1.1.2.3.3). A right is a line of its cn, rightsGuid, kind and displayName; then lines of
 * the classes that it applies to, or of the schemaIDGUID where the schema has no such class.
 */
export const RIGHTS_TABLE = `
Add-GUID 440820ad-65b4-11d1-a3da-0000f875ae0d right Add GUID
  on domainDNS
Allocate-Rids 1abd7cf8-0a99-11d1-adbb-00c04fd8d5cd right Allocate Rids
  on nTDSDSA
Allowed-To-Authenticate 68b1d179-0d15-4d4f-ab71-46152e79a7bc right Allowed to Authenticate
  on inetOrgPerson user computer msDS-ManagedServiceAccount msDS-GroupManagedServiceAccount
Apply-Group-Policy edacfd8f-ffb3-11d1-b41d-00a0c968f939 right Apply Group Policy
  on groupPolicyContainer
Certificate-AutoEnrollment a05b8cc2-17bc-4802-a710-e7c15ab866a2 right AutoEnrollment
  on pKICertificateTemplate
Certificate-Enrollment 0e10c968-78fb-11d2-90d4-00c04f79dc55 right Enroll
  on pKICertificateTemplate
Change-Domain-Master 014bf69c-7b3b-11d1-85f6-08002be74fab right Change Domain Master
  on crossRefContainer
Change-Infrastructure-Master cc17b1fb-33d9-11d2-97d4-00c04fd8d5cd right Change Infrastructure Master
  on infrastructureUpdate
Change-PDC bae50096-4752-11d1-9052-00c04fc2d4cf right Change PDC
  on domainDNS
Change-Rid-Master d58d5f36-0a98-11d1-adbb-00c04fd8d5cd right Change Rid Master
  on rIDManager
Change-Schema-Master e12b56b6-0a95-11d1-adbb-00c04fd8d5cd right Change Schema Master
  on dMD
Create-Inbound-Forest-Trust e2a36dc9-ae17-47c3-b58b-be34c55ba633 right Create Inbound Forest Trust
  on domainDNS
DNS-Host-Name-Attributes 72e39547-7b18-11d1-adef-00c04fd8d5cd set DNS Host Name Attributes
  on computer msDS-ManagedServiceAccount msDS-GroupManagedServiceAccount
Do-Garbage-Collection fec364e0-0a98-11d1-adbb-00c04fd8d5cd right Do Garbage Collection
  on nTDSDSA
Domain-Administer-Server ab721a52-1e2f-11d0-9819-00aa0040529b right Domain Administer Server
  on samServer
Domain-Other-Parameters b8119fd0-04f6-4762-ab7a-4986c76b3f9a set Other Domain Parameters (for use by SAM)
  on domainDNS
Domain-Password c7407360-20bf-11d0-a768-00aa006e0529 set Domain Password & Lockout Policies
  on domainDNS domain
DS-Bypass-Quota 88a9933e-e5c8-4f2a-9dd7-2527416b8092 right Bypass the quota restrictions during creation.
  on 26f11b08-a29d-4869-99bb-ef0b99fd883e
DS-Check-Stale-Phantoms 69ae6200-7f46-11d2-b9ad-00c04f79f805 right DS Check Stale Phantoms
  on nTDSDSA
DS-Clone-Domain-Controller 3e0f7e18-2c7a-4c10-ba82-4d926db99a3e right Allow a DC to create a clone of itself
  on domainDNS
DS-Execute-Intentions-Script 2f16c4a5-b98e-432c-952a-cb388ba33f2e right DS Execute Intentions Script
  on crossRefContainer
DS-Install-Replica 9923a32a-3607-11d2-b9be-0000f87a36b2 right Add/Remove Replica In Domain
  on domainDNS
DS-Query-Self-Quota 4ecc03fe-ffc0-4947-b630-eb672a8a9dbc right DS Query Self Quota
  on msDS-QuotaContainer
DS-Read-Partition-Secrets 084c93a2-620d-4879-a836-f0ae47de0e89 right Read secret attributes of objects in a Partition
  on 26f11b08-a29d-4869-99bb-ef0b99fd883e
DS-Replication-Get-Changes 1131f6aa-9c07-11d1-f79f-00c04fc2dcd2 right Replicating Directory Changes
  on dMD configuration domainDNS
DS-Replication-Get-Changes-All 1131f6ad-9c07-11d1-f79f-00c04fc2dcd2 right Replicating Directory Changes All
  on dMD configuration domainDNS
DS-Replication-Get-Changes-In-Filtered-Set 89e95b76-444d-4c62-991a-0facbeda640c right Replicating Directory Changes In Filtered Set
  on domainDNS configuration dMD
DS-Replication-Manage-Topology 1131f6ac-9c07-11d1-f79f-00c04fc2dcd2 right Manage Replication Topology
  on dMD configuration domainDNS
DS-Replication-Monitor-Topology f98340fb-7c5b-4cdb-a00b-2ebdfa115a96 right Monitor Active Directory Replication
  on dMD configuration domainDNS
DS-Replication-Synchronize 1131f6ab-9c07-11d1-f79f-00c04fc2dcd2 right Replication Synchronization
  on dMD configuration domainDNS
DS-Set-Owner 4125c71f-7fac-4ff0-bcb7-f09a41325286 right Set Owner of an object during creation.
  on 26f11b08-a29d-4869-99bb-ef0b99fd883e
DS-Validated-Write-Computer 9b026da6-0d3c-465c-8bee-5199d7165cba write Validated write to computer attributes.
  on computer
DS-Write-Partition-Secrets 94825a8d-b171-4116-8146-1e34d8f54401 right Write secret attributes of objects in a Partition
  on 26f11b08-a29d-4869-99bb-ef0b99fd883e
Email-Information e45795b2-9455-11d1-aebd-0000f80367c1 set Phone and Mail Options
  on inetOrgPerson group user
Enable-Per-User-Reversibly-Encrypted-Password 05c74c5e-4deb-43b4-bd9f-86664c2a7fd5 right Enable Per User Reversibly Encrypted Password
  on domainDNS
General-Information 59ba2f42-79a2-11d0-9020-00c04fc2d3cf set General Information
  on inetOrgPerson user
Generate-RSoP-Logging b7b1b3de-ab09-4242-9e30-9980e5d322f7 right Generate RSoP Logging
  on domainDNS organizationalUnit
Generate-RSoP-Planning b7b1b3dd-ab09-4242-9e30-9980e5d322f7 right Generate RSoP Planning
  on domainDNS organizationalUnit
Manage-Optional-Features 7c0e2a7c-a419-48e4-a995-10180aad54dd right Manage Optional Features
  on crossRefContainer
Membership bc0ac240-79a9-11d0-9020-00c04fc2d4cf set Group Membership
  on inetOrgPerson user
Migrate-SID-History ba33815a-4f93-4c76-87f3-57574bff8109 right Migrate SID History
  on domainDNS
MS-TS-GatewayAccess ffa6f046-ca4b-4feb-b40d-04dfee722543 set MS-TS-GatewayAccess
  on computer msDS-ManagedServiceAccount msDS-GroupManagedServiceAccount
msmq-Open-Connector b4e60130-df3f-11d1-9c86-006008764d0e right msmq Open Connector
  on site
msmq-Peek 06bd3201-df3e-11d1-9c86-006008764d0e right msmq Peek
  on mSMQQueue
msmq-Peek-computer-Journal 4b6e08c3-df3c-11d1-9c86-006008764d0e right msmq Peek computer Journal
  on mSMQConfiguration
msmq-Peek-Dead-Letter 4b6e08c1-df3c-11d1-9c86-006008764d0e right msmq Peek Dead Letter
  on mSMQConfiguration
msmq-Receive 06bd3200-df3e-11d1-9c86-006008764d0e right msmq Receive
  on mSMQQueue
msmq-Receive-computer-Journal 4b6e08c2-df3c-11d1-9c86-006008764d0e right msmq Receive computer Journal
  on mSMQConfiguration
msmq-Receive-Dead-Letter 4b6e08c0-df3c-11d1-9c86-006008764d0e right msmq Receive Dead Letter
  on mSMQConfiguration
msmq-Receive-journal 06bd3203-df3e-11d1-9c86-006008764d0e right msmq Receive journal
  on mSMQQueue
msmq-Send 06bd3202-df3e-11d1-9c86-006008764d0e right msmq Send
  on mSMQQueue msMQ-Group
Open-Address-Book a1990816-4298-11d1-ade2-00c04fd8d5cd right Open Address Book
  on addressBookContainer
Personal-Information 77b5b886-944a-11d1-aebd-0000f80367c1 set Personal Information
  on inetOrgPerson computer contact user msDS-ManagedServiceAccount msDS-CloudExtensions
  on msDS-GroupManagedServiceAccount
Private-Information 91e647de-d96f-4b70-9557-d63ff4f3ccd8 set Private Information
  on user inetOrgPerson
Public-Information e48d0154-bcf8-11d1-8702-00c04fb96050 set Public Information
  on inetOrgPerson computer user msDS-ManagedServiceAccount msDS-GroupManagedServiceAccount
RAS-Information 037088f8-0ae1-11d2-b422-00a0c968f939 set Remote Access Information
  on inetOrgPerson user
Read-Only-Replication-Secret-Synchronization 1131f6ae-9c07-11d1-f79f-00c04fc2dcd2 right Read Only Replication Secret Synchronization
  on dMD configuration domainDNS
Reanimate-Tombstones 45ec5156-db7e-47bb-b53f-dbeb2d03c40f right Reanimate Tombstones
  on dMD configuration domainDNS
Recalculate-Hierarchy 0bc1554e-0a99-11d1-adbb-00c04fd8d5cd right Recalculate Hierarchy
  on nTDSDSA
Recalculate-Security-Inheritance 62dd28a8-7f46-11d2-b9ad-00c04f79f805 right Recalculate Security Inheritance
  on nTDSDSA
Receive-As ab721a56-1e2f-11d0-9819-00aa0040529b right Receive As
  on computer user inetOrgPerson msDS-ManagedServiceAccount msDS-GroupManagedServiceAccount
Refresh-Group-Cache 9432c620-033c-4db7-8b58-14ef6d0bf477 right Refresh Group Cache
  on nTDSDSA
Reload-SSL-Certificate 1a60ea8d-58a6-4b20-bcdc-fb71eb8a9ff8 right Reload SSL Certificate
  on nTDSDSA
Run-Protect-Admin-Groups-Task 7726b9d5-a4b4-4288-a6b2-dce952e80a7f right Run Protect Admin Groups Task
  on domainDNS
SAM-Enumerate-Entire-Domain 91d67418-0135-4acc-8d79-c08e857cfbec right SAM Enumerate Entire Domain
  on samServer
Self-Membership bf9679c0-0de6-11d0-a285-00aa003049e2 write Add/Remove self as member
  on group
Send-As ab721a54-1e2f-11d0-9819-00aa0040529b right Send As
  on computer user inetOrgPerson msDS-ManagedServiceAccount msDS-GroupManagedServiceAccount
Send-To ab721a55-1e2f-11d0-9819-00aa0040529b right Send To
  on group
Terminal-Server-License-Server 5805bc62-bdc9-4428-a5e2-856a0f4c185e set Terminal Server License Server
  on user inetOrgPerson
Unexpire-Password ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501 right Unexpire Password
  on domainDNS
Update-Password-Not-Required-Bit 280f369c-67c7-438e-ae98-1d46f3c6f541 right Update Password Not Required Bit
  on domainDNS
Update-Schema-Cache be2bb760-7f46-11d2-b9ad-00c04f79f805 right Update Schema Cache
  on dMD
User-Account-Restrictions 4c164200-20c0-11d0-a768-00aa006e0529 set Account Restrictions
  on inetOrgPerson computer user msDS-ManagedServiceAccount msDS-GroupManagedServiceAccount
User-Change-Password ab721a53-1e2f-11d0-9819-00aa0040529b right Change Password
  on computer user inetOrgPerson msDS-ManagedServiceAccount
User-Force-Change-Password 00299570-246d-11d0-a768-00aa006e0529 right Reset Password
  on computer user inetOrgPerson msDS-ManagedServiceAccount
User-Logon 5f202010-79a5-11d0-9020-00c04fc2d4cf set Logon Information
  on inetOrgPerson user
Validated-DNS-Host-Name 72e39547-7b18-11d1-adef-00c04fd8d5cd write Validated write to DNS host name
  on computer msDS-ManagedServiceAccount msDS-GroupManagedServiceAccount
Validated-MS-DS-Additional-DNS-Host-Name 80863791-dbe9-4eb8-837e-7f0ab55d9ac7 write Validated write to MS DS Additional DNS Host Name
  on computer
Validated-MS-DS-Behavior-Version d31a8757-2447-4545-8081-3bb610cacbf2 write Validated write to MS DS behavior version
  on nTDSDSA
Validated-MS-DS-JetDB-Page-Size da823a60-41f0-4c89-942b-2b70a6c003d4 write Validated write to MS DS JetDB page size
  on nTDSDSA
Validated-SPN f3a64788-5306-11d1-a9c5-0000f80367c1 write Validated write to service principal name
  on computer msDS-ManagedServiceAccount msDS-GroupManagedServiceAccount
Web-Information e45795b3-9455-11d1-aebd-0000f80367c1 set Web Information
  on inetOrgPerson contact user
`;
