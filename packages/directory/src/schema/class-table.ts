/**
 * Facts of classes (MS-ADSC, as of Windows Server 1903 and later). A class is a line of
 * lDAPDisplayName, governsID with its stem as a letter of `OID_PREFIXES`, subClassOf, category,
 * rDNAttID and schemaIDGUID in base64; then lines of the cn of the class (and of its
 * defaultObjectCategory when that is another), auxiliary classes, possible superiors, mandatory
 * and optional attributes.
 */
export const CLASS_TABLE = `
applicationSettings d7000.49 top abstract cn wayA9/BW0RGpxgAA+ANnwQ
  cn Application-Settings
  under server
  may msDS-Settings notificationList
applicationSiteSettings d68 top abstract cn XFoZGaBt0BGv0wDAT9kwyQ
  cn Application-Site-Settings
  under site
  may notificationList
attributeSchema c14 top structural cn gHqWv+YN0BGihQCqADBJ4g
  cn Attribute-Schema
  under dMD
  must attributeID attributeSyntax cn isSingleValued lDAPDisplayName oMSyntax schemaIDGUID
  may attributeSecurityGUID classDisplayName extendedCharsAllowed isDefunct isEphemeral
  may isMemberOfPartialAttributeSet linkID mAPIID msDS-IntId msDs-Schema-Extensions
  may oMObjectClass rangeLower rangeUpper schemaFlagsEx searchFlags systemOnly
builtinDomain d4 top structural cn gXqWv+YN0BGihQCqADBJ4g
  cn Builtin-Domain
  aux samDomainBase
  under domainDNS
classSchema c13 top structural cn g3qWv+YN0BGihQCqADBJ4g
  cn Class-Schema
  under dMD
  must cn defaultObjectCategory governsID objectClassCategory schemaIDGUID subClassOf
  may auxiliaryClass classDisplayName defaultHidingValue defaultSecurityDescriptor isDefunct
  may lDAPDisplayName mayContain msDS-IntId msDs-Schema-Extensions mustContain possSuperiors
  may rDNAttID schemaFlagsEx systemAuxiliaryClass systemMayContain systemMustContain systemOnly
  may systemPossSuperiors
computer c30 user structural cn hnqWv+YN0BGihQCqADBJ4g
  cn Computer
  aux ipHost
  under container domainDNS organizationalUnit
  may catalogs cn defaultLocalPolicyObject dNSHostName localPolicyFlags location machineRole
  may managedBy msDS-AdditionalDnsHostName msDS-AdditionalSamAccountName msDS-AuthenticatedAtDC
  may msDS-ExecuteScriptPassword msDS-GenerationId msDS-HostServiceAccount msDS-isGC msDS-isRODC
  may msDS-IsUserCachableAtRodc msDS-KrbTgtLink msDS-NeverRevealGroup msDS-PromotionSettings
  may msDS-RevealedList msDS-RevealedUsers msDS-RevealOnDemandGroup msDS-SiteName networkAddress
  may nisMapName operatingSystem operatingSystemHotfix operatingSystemServicePack
  may operatingSystemVersion physicalLocationObject policyReplicationFlags rIDSetReferences
  may siteGUID volumeCount
configuration d12 top structural cn h3qWv+YN0BGihQCqADBJ4g
  cn Configuration
  under domainDNS
  must cn
  may gPLink gPOptions msDS-USNLastSyncSuccess
connectionPoint d14 leaf abstract cn zx60XEwO0BGihgCqADBJ4g
  cn Connection-Point
  under computer container
  must cn
  may keywords managedBy msDS-Settings
contact d15 organizationalPerson structural cn 0B60XEwO0BGihgCqADBJ4g
  cn Contact Person
  aux mailRecipient
  under domainDNS organizationalUnit
  must cn
  may msDS-preferredDataLocation msDS-SourceObjectDN
container c23 top structural cn i3qWv+YN0BGihQCqADBJ4g
  cn Container
  under configuration container domainDNS nTDSService organization organizationalUnit server
  must cn
  may defaultClassStore msDS-ObjectReference schemaVersion
controlAccessRight d77 top structural cn HpOXgtOG0BGv2gDAT9kwyQ
  cn Control-Access-Right
  under container
  may localizationDisplayId rightsGuid validAccesses
country f2 top 88 c jHqWv+YN0BGihQCqADBJ4g
  cn Country
  under domainDNS organization
  must c
  may co searchGuide
crossRef c11 top structural cn jXqWv+YN0BGihQCqADBJ4g
  cn Cross-Ref
  under crossRefContainer
  must cn dnsRoot nCName
  may Enabled msDS-Behavior-Version msDS-DnsRootAlias msDS-NC-Replica-Locations
  may msDS-NC-RO-Replica-Locations msDS-Replication-Notify-First-DSA-Delay
  may msDS-Replication-Notify-Subsequent-DSA-Delay msDS-SDReferenceDomain nETBIOSName
  may nTMixedDomain rootTrust superiorDNSRoot trustParent
crossRefContainer d7000.53 top structural cn 4GCe7/dW0RGpxgAA+ANnwQ
  cn Cross-Ref-Container
  under configuration
  may msDS-Behavior-Version msDS-EnabledFeature msDS-ExecuteScriptPassword msDS-SPNSuffixes
  may msDS-UpdateScript uPNSuffixes
dMD c9 top structural cn j3qWv+YN0BGihQCqADBJ4g
  cn DMD
  under configuration
  must cn
  may dmdName msDS-IntId msDs-Schema-Extensions msDS-USNLastSyncSuccess prefixMap schemaInfo
  may schemaUpdate
domain d66 top abstract dc WloZGaBt0BGv0wDAT9kwyQ
  cn Domain Domain-DNS
  under domain organization
  must dc
domainDNS d67 domain structural dc W1oZGaBt0BGv0wDAT9kwyQ
  cn Domain-DNS
  aux samDomain
  under domainDNS
  may managedBy msDS-AllowedDNSSuffixes msDS-Behavior-Version msDS-EnabledFeature
  may msDS-ExpirePasswordsOnSmartCardOnlyAccounts msDS-USNLastSyncSuccess
foreignSecurityPrincipal d76 top structural cn EhzjiTCF0BGv2gDAT9kwyQ
  cn Foreign-Security-Principal
  under container
  must objectSid
  may foreignIdentifier
group d8 top structural cn nHqWv+YN0BGihQCqADBJ4g
  cn Group
  aux mailRecipient posixGroup securityPrincipal
  under builtinDomain container domainDNS organizationalUnit
  must groupType
  may adminCount controlAccessRights desktopProfile groupAttributes groupMembershipSAM mail
  may managedBy member msDS-AzApplicationData msDS-AzBizRule msDS-AzBizRuleLanguage
  may msDS-AzGenericData msDS-AzLastImportedBizRulePath msDS-AzLDAPQuery msDS-AzObjectGuid
  may msDS-NonMembers msDS-preferredDataLocation msDS-PrimaryComputer nonSecurityMember
  may nTGroupMembers operatorCount primaryGroupToken
groupPolicyContainer d157 container structural cn wjsO8/Cf0RG2AwAA+ANnwQ
  cn Group-Policy-Container
  may flags gPCFileSysPath gPCFunctionalityVersion gPCMachineExtensionNames
  may gPCUserExtensionNames gPCWQLFilter versionNumber
inetOrgPerson j2 user structural cn FMwoSDcUvEWbB61vAV5fKA
  cn inetOrgPerson Person
  under container domainDNS organizationalUnit
  may businessCategory carLicense departmentNumber displayName employeeNumber employeeType
  may givenName homePhone homePostalAddress initials labeledURI mail manager mobile o pager
  may preferredLanguage roomNumber secretary uid userCertificate userPKCS12 userSMIMECertificate
infrastructureUpdate d175 top structural cn iQ35LZ8A0hGqTADAT9fYOg
  cn Infrastructure-Update
  under domain infrastructureUpdate
  may dNReferenceUpdate
ipHost n6 top auxiliary cn RhaRqyeIlU+HgFqPAI62jw
  cn IpHost
  may cn description ipHostNumber l manager uid
leaf d20 top abstract cn nnqWv+YN0BGihQCqADBJ4g
  cn Leaf
locality f3 top structural l oHqWv+YN0BGihQCqADBJ4g
  cn Locality
  under country domainDNS locality organization organizationalUnit
  must l
  may searchGuide seeAlso st street
lostAndFound d139 top structural cn cYarUglX0RGpxgAA+ANnwQ
  cn Lost-And-Found
  under configuration dMD domainDNS
  may moveTreeState
mailRecipient c46 top auxiliary cn oXqWv+YN0BGihQCqADBJ4g
  cn Mail-Recipient
  under container
  must cn
  may garbageCollPeriod info labeledURI legacyExchangeDN msDS-ExternalDirectoryObjectId
  may msDS-GeoCoordinatesAltitude msDS-GeoCoordinatesLatitude msDS-GeoCoordinatesLongitude
  may msDS-PhoneticDisplayName secretary showInAddressBook telephoneNumber textEncodedORAddress
  may userCert userCertificate userSMIMECertificate
msDS-AuthNPolicies d293 top structural cn Xd+aOpd7fk+rtOW1XBwGtA
  cn ms-DS-AuthN-Policies
  under container
msDS-AuthNPolicy d294 top structural cn VhFqq8dN9UCRgI5M5C/lzQ
  cn ms-DS-AuthN-Policy
  under msDS-AuthNPolicies
  may msDS-AssignedAuthNPolicyBL msDS-AuthNPolicyEnforced msDS-ComputerAllowedToAuthenticateTo
  may msDS-ComputerAuthNPolicyBL msDS-ComputerTGTLifetime
  may msDS-ServiceAllowedNTLMNetworkAuthentication msDS-ServiceAllowedToAuthenticateFrom
  may msDS-ServiceAllowedToAuthenticateTo msDS-ServiceAuthNPolicyBL msDS-ServiceTGTLifetime
  may msDS-StrongNTLMPolicy msDS-UserAllowedNTLMNetworkAuthentication
  may msDS-UserAllowedToAuthenticateFrom msDS-UserAllowedToAuthenticateTo msDS-UserAuthNPolicyBL
  may msDS-UserTGTLifetime
msDS-AuthNPolicySilo d292 top structural cn Hkbw+X1piUaSmTfmHWF7DQ
  cn ms-DS-AuthN-Policy-Silo
  under msDS-AuthNPolicySilos
  may msDS-AssignedAuthNPolicySiloBL msDS-AuthNPolicySiloEnforced msDS-AuthNPolicySiloMembers
  may msDS-ComputerAuthNPolicy msDS-ServiceAuthNPolicy msDS-UserAuthNPolicy
msDS-AuthNPolicySilos d291 top structural cn Ckex0oSPHkmnUrQB7gD+XA
  cn ms-DS-AuthN-Policy-Silos
  under container
msDS-ClaimType d272 msDS-ClaimTypePropertyBase structural cn fIWjgWlUj02q5sJ2mXYmBA
  cn ms-DS-Claim-Type
  under msDS-ClaimTypes
  may msDS-ClaimAttributeSource msDS-ClaimIsSingleValued msDS-ClaimIsValueSpaceRestricted
  may msDS-ClaimSource msDS-ClaimSourceType msDS-ClaimTypeAppliesToClass msDS-ClaimValueType
msDS-ClaimTypePropertyBase d269 top abstract cn WC9EuJDEh0SKndgLiDJxrQ
  cn ms-DS-Claim-Type-Property-Base
  may Enabled msDS-ClaimPossibleValues msDS-ClaimSharesPossibleValuesWith
msDS-ClaimTypes d270 top structural cn NTIJNhXHIUirarVvsoBaWA
  cn ms-DS-Claim-Types
  under container
msDS-CloudExtensions d283 top auxiliary cn pIceZCaDcUe6LccG3zXjWg
  cn ms-DS-Cloud-Extensions
  may msDS-cloudExtensionAttribute1 msDS-cloudExtensionAttribute10
  may msDS-cloudExtensionAttribute11 msDS-cloudExtensionAttribute12
  may msDS-cloudExtensionAttribute13 msDS-cloudExtensionAttribute14
  may msDS-cloudExtensionAttribute15 msDS-cloudExtensionAttribute16
  may msDS-cloudExtensionAttribute17 msDS-cloudExtensionAttribute18
  may msDS-cloudExtensionAttribute19 msDS-cloudExtensionAttribute2
  may msDS-cloudExtensionAttribute20 msDS-cloudExtensionAttribute3 msDS-cloudExtensionAttribute4
  may msDS-cloudExtensionAttribute5 msDS-cloudExtensionAttribute6 msDS-cloudExtensionAttribute7
  may msDS-cloudExtensionAttribute8 msDS-cloudExtensionAttribute9
msDS-GroupManagedServiceAccount d282 computer structural cn ilWLe6WT90qtysAX5n8QVw
  cn ms-DS-Group-Managed-Service-Account
  under computer container domainDNS organizationalUnit
  must msDS-ManagedPasswordInterval
  may msDS-GroupMSAMembership msDS-ManagedPassword msDS-ManagedPasswordId
  may msDS-ManagedPasswordPreviousId
msDS-KeyCredential d297 top structural cn Q1Uf7i58akeLP+EfSvbEmA
  cn ms-DS-Key-Credential
  under container
  must msDS-KeyId
  may msDS-ComputerSID msDS-CustomKeyInformation msDS-DeviceDN msDS-DeviceID
  may msDS-KeyApproximateLastLogonTimeStamp msDS-KeyMaterial msDS-KeyPrincipal msDS-KeyUsage
msDS-ManagedServiceAccount d264 computer structural cn RGIgzidYhkq6HBwMOGwbZA
  cn ms-DS-Managed-Service-Account
  under container domainDNS organizationalUnit
msDS-PasswordSettings d255 top structural cn uJ3NO0v4HEWVL2xSuB+exg
  cn ms-DS-Password-Settings
  under msDS-PasswordSettingsContainer
  must msDS-LockoutDuration msDS-LockoutObservationWindow msDS-LockoutThreshold
  must msDS-MaximumPasswordAge msDS-MinimumPasswordAge msDS-MinimumPasswordLength
  must msDS-PasswordComplexityEnabled msDS-PasswordHistoryLength
  must msDS-PasswordReversibleEncryptionEnabled msDS-PasswordSettingsPrecedence
  may msDS-PSOAppliesTo
msDS-PasswordSettingsContainer d256 top structural cn arAGW/NMwES9FkO8EKmH2g
  cn ms-DS-Password-Settings-Container
  under container
msDS-QuotaContainer d242 top structural cn T/yD2m8H6kq03I9Nq5tZkw
  cn ms-DS-Quota-Container
  under configuration domainDNS
  must cn
  may msDS-DefaultQuota msDS-QuotaEffective msDS-QuotaUsed msDS-TombstoneQuotaFactor
  may msDS-TopQuotaUsage
msDS-ResourceProperties d271 top structural cn hEVKelCzj0es1rS4UtgswA
  cn ms-DS-Resource-Properties
  under container
msDS-ResourceProperty d273 msDS-ClaimTypePropertyBase structural cn Xj0oWwSElUGTOYRQGIxQGg
  cn ms-DS-Resource-Property
  under msDS-ResourceProperties
  must msDS-ValueTypeReference
  may msDS-AppliesToResourceTypes msDS-IsUsedAsResourceSecurityAttribute
msDS-ResourcePropertyList d274 top structural cn etTjckKzRU2PVrr/gDyr+Q
  cn ms-DS-Resource-Property-List
  under container
  may msDS-MembersOfResourcePropertyList
msDS-ShadowPrincipal d299 top structural cn s0wPd0MWnEa3Zu3XeqdeFA
  cn ms-DS-Shadow-Principal
  under msDS-ShadowPrincipalContainer
  must msDS-ShadowPrincipalSid
  may member
msDS-ShadowPrincipalContainer d298 container structural cn RVX5ERLXUEy4R9J4FTfGMw
  cn ms-DS-Shadow-Principal-Container
nTDSDSA d7000.47 applicationSettings structural cn q//48JER0BGgYACqAGwz7Q
  cn NTDS-DSA
  under organization server
  may dMDLocation hasMasterNCs hasPartialReplicaNCs invocationId lastBackupRestorationTime
  may managedBy msDS-Behavior-Version msDS-EnabledFeature msDS-HasDomainNCs
  may msDS-hasFullReplicaNCs msDS-HasInstantiatedNCs msDS-hasMasterNCs msDS-isGC msDS-isRODC
  may msDS-IsUserCachableAtRodc msDS-NeverRevealGroup msDS-ReplicationEpoch
  may msDS-RetiredReplNCSignatures msDS-RevealedUsers msDS-RevealOnDemandGroup msDS-SiteName
  may networkAddress options queryPolicyObject retiredReplDSASignatures serverReference
nTDSService d72 top structural cn X1oZGaBt0BGv0wDAT9kwyQ
  cn NTDS-Service
  under container
  may dSHeuristics garbageCollPeriod msDS-DeletedObjectLifetime msDS-Other-Settings
  may replTopologyStayOfExecution sPNMappings tombstoneLifetime
nTDSSiteSettings d69 applicationSiteSettings structural cn XVoZGaBt0BGv0wDAT9kwyQ
  cn NTDS-Site-Settings
  under site
  may interSiteTopologyFailover interSiteTopologyGenerator interSiteTopologyRenew managedBy
  may msDS-Preferred-GC-Site options queryPolicyObject schedule
organization f4 top structural o o3qWv+YN0BGihQCqADBJ4g
  cn Organization
  under country domainDNS locality
  must o
  may businessCategory destinationIndicator facsimileTelephoneNumber internationalISDNNumber l
  may physicalDeliveryOfficeName postalAddress postalCode postOfficeBox preferredDeliveryMethod
  may registeredAddress searchGuide seeAlso st street telephoneNumber teletexTerminalIdentifier
  may telexNumber userPassword x121Address
organizationalPerson f7 person 88 cn pHqWv+YN0BGihQCqADBJ4g
  cn Organizational-Person Person
  under container organization organizationalUnit
  may assistant c co comment company countryCode department destinationIndicator division
  may employeeID facsimileTelephoneNumber generationQualifier givenName homePhone
  may homePostalAddress houseIdentifier initials internationalISDNNumber ipPhone l mail manager
  may mhsORAddress middleName mobile msDS-AllowedToActOnBehalfOfOtherIdentity
  may msDS-AllowedToDelegateTo msDS-HABSeniorityIndex msDS-PhoneticCompanyName
  may msDS-PhoneticDepartment msDS-PhoneticDisplayName msDS-PhoneticFirstName
  may msDS-PhoneticLastName o otherFacsimileTelephoneNumber otherHomePhone otherIpPhone
  may otherMailbox otherMobile otherPager otherTelephone ou pager personalTitle
  may physicalDeliveryOfficeName postalAddress postalCode postOfficeBox preferredDeliveryMethod
  may primaryInternationalISDNNumber primaryTelexNumber registeredAddress st street
  may streetAddress teletexTerminalIdentifier telexNumber title x121Address
organizationalUnit f5 top structural ou pXqWv+YN0BGihQCqADBJ4g
  cn Organizational-Unit
  under country domainDNS organization organizationalUnit
  must ou
  may businessCategory c co countryCode defaultGroup desktopProfile destinationIndicator
  may facsimileTelephoneNumber gPLink gPOptions internationalISDNNumber l managedBy
  may physicalDeliveryOfficeName postalAddress postalCode postOfficeBox preferredDeliveryMethod
  may registeredAddress searchGuide seeAlso st street telephoneNumber teletexTerminalIdentifier
  may telexNumber uPNSuffixes userPassword x121Address
person f6 top 88 cn p3qWv+YN0BGihQCqADBJ4g
  cn Person
  under container organizationalUnit
  must cn
  may attributeCertificateAttribute seeAlso serialNumber sn telephoneNumber userPassword
posixAccount n0 top auxiliary uid QbtErdVniE21dXsgZ0522A
  cn PosixAccount
  may cn description gecos gidNumber homeDirectory loginShell uid uidNumber unixHomeDirectory
  may unixUserPassword userPassword
posixGroup n2 top auxiliary cn uFCTKiwG0E6ZA93hDQbeug
  cn PosixGroup
  may cn description gidNumber memberUid unixUserPassword userPassword
rIDManager d83 top structural cn jRgXZjyP0BGv2gDAT9kwyQ
  cn RID-Manager
  under container
  must rIDAvailablePool
  may msDS-RIDPoolAllocationEnabled
rIDSet d129 top structural cn icv9ewdI0RGpwwAA+ANnwQ
  cn RID-Set
  under computer container user
  must rIDAllocationPool rIDNextRID rIDPreviousAllocationPool rIDUsedPool
rpcContainer d136 container structural cn QighgNxL0RGpxAAA+ANnwQ
  cn Rpc-Container
  under container
  may nameServiceFlags
samDomain d3 top auxiliary cn kHqWv+YN0BGihQCqADBJ4g
  cn Sam-Domain
  aux samDomainBase
  may auditingPolicy builtinCreationTime builtinModifiedCount cACertificate controlAccessRights
  may creationTime defaultLocalPolicyObject description desktopProfile domainPolicyObject
  may eFSPolicy gPLink gPOptions lockoutDuration lockOutObservationWindow lockoutThreshold
  may lSACreationTime lSAModifiedCount maxPwdAge minPwdAge minPwdLength modifiedCountAtLastProm
  may ms-DS-MachineAccountQuota msDS-AllUsersTrustQuota msDS-LogonTimeSyncInterval
  may msDS-PerUserTrustQuota msDS-PerUserTrustTombstonesQuota nETBIOSName nextRid nTMixedDomain
  may pekKeyChangeInterval pekList privateKey pwdHistoryLength pwdProperties replicaSource
  may rIDManagerReference treeName
samDomainBase d2 top auxiliary cn kXqWv+YN0BGihQCqADBJ4g
  cn Sam-Domain-Base
  may creationTime domainReplica forceLogoff lockoutDuration lockOutObservationWindow
  may lockoutThreshold maxPwdAge minPwdAge minPwdLength modifiedCount modifiedCountAtLastProm
  may nextRid nTSecurityDescriptor objectSid oEMInformation pwdHistoryLength pwdProperties
  may revision serverRole serverState uASCompat
samServer d5 securityObject structural cn rXqWv+YN0BGihQCqADBJ4g
  cn Sam-Server
  under domainDNS
  may samDomainUpdates
secret d28 leaf structural cn rnqWv+YN0BGihQCqADBJ4g
  cn Secret
  under container
  may currentValue lastSetTime priorSetTime priorValue
securityObject d1 top abstract cn r3qWv+YN0BGihQCqADBJ4g
  cn Security-Object
  under container
  must cn
securityPrincipal d6 top auxiliary cn sHqWv+YN0BGihQCqADBJ4g
  cn Security-Principal
  must objectSid sAMAccountName
  may accountNameHistory altSecurityIdentities msDS-KeyVersionNumber msds-tokenGroupNames
  may msds-tokenGroupNamesGlobalAndUniversal msds-tokenGroupNamesNoGCAcceptable
  may nTSecurityDescriptor rid sAMAccountType securityIdentifier sIDHistory
  may supplementalCredentials tokenGroups tokenGroupsGlobalAndUniversal
  may tokenGroupsNoGCAcceptable
server d17 top structural cn knqWv+YN0BGihQCqADBJ4g
  cn Server
  under serversContainer
  may bridgeheadTransportList dNSHostName mailAddress managedBy msDS-isGC msDS-isRODC
  may msDS-IsUserCachableAtRodc msDS-SiteName serialNumber serverReference
serversContainer d7000.48 top structural cn wKyA9/BW0RGpxgAA+ANnwQ
  cn Servers-Container
  under site
serviceConnectionPoint d126 connectionPoint structural cn wQ5jKNVB0RGpwQAA+ANnwQ
  cn Service-Connection-Point
  under computer container organizationalUnit
  may serviceBindingInformation serviceClassName serviceDNSName serviceDNSNameType vendor
  may versionNumber versionNumberHi versionNumberLo
shadowAccount n1 top auxiliary uid Z4RtWxgadEGzUJzG57SsjQ
  cn ShadowAccount
  may description shadowExpire shadowFlag shadowInactive shadowLastChange shadowMax shadowMin
  may shadowWarning uid userPassword
site d31 top structural cn s3qWv+YN0BGihQCqADBJ4g
  cn Site
  under sitesContainer
  may gPLink gPOptions location managedBy msDS-BridgeHeadServersUsed notificationList
sitesContainer d107 top structural cn 2hdBemfN0BGv/wAA+ANnwQ
  cn Sites-Container
  under configuration
subnetContainer d95 top structural cn JTGxty640BGv7gAA+ANnwQ
  cn Subnet-Container
  under sitesContainer
subSchema p1 top structural cn YTKLWo3D0RG7yQCAx2ZwwA
  cn SubSchema
  under dMD
  may attributeTypes dITContentRules extendedAttributeInfo extendedClassInfo modifyTimeStamp
  may objectClasses
top f0 top abstract cn t3qWv+YN0BGihQCqADBJ4g
  cn Top
  under lostAndFound
  must instanceType nTSecurityDescriptor objectCategory objectClass
  may adminDescription adminDisplayName allowedAttributes allowedAttributesEffective
  may allowedChildClasses allowedChildClassesEffective bridgeheadServerListBL canonicalName cn
  may createTimeStamp description directReports displayName displayNamePrintable
  may distinguishedName dSCorePropagationData extensionName flags fromEntry fSMORoleOwner
  may isCriticalSystemObject isDeleted isPrivilegeHolder isRecycled lastKnownParent
  may managedObjects masteredBy memberOf modifyTimeStamp mS-DS-ConsistencyChildCount
  may mS-DS-ConsistencyGuid msDS-Approx-Immed-Subordinates msDS-AuthenticatedToAccountlist
  may msDS-ClaimSharesPossibleValuesWithBL msDS-CloudAnchor msDS-EnabledFeatureBL
  may msDS-HostServiceAccountBL msDS-IsDomainFor msDS-IsFullReplicaFor msDS-IsPartialReplicaFor
  may msDS-IsPrimaryComputerFor msDS-KrbTgtLinkBl msDS-LastKnownRDN
  may msDS-LocalEffectiveDeletionTime msDS-LocalEffectiveRecycleTime msDs-masteredBy
  may msds-memberOfTransitive msDS-MembersForAzRoleBL msDS-MembersOfResourcePropertyListBL
  may msds-memberTransitive msDS-NC-RO-Replica-Locations-BL msDS-NCReplCursors
  may msDS-NCReplInboundNeighbors msDS-NCReplOutboundNeighbors msDS-NcType msDS-NonMembersBL
  may msDS-ObjectReferenceBL msDS-ObjectSoa msDS-OIDToGroupLinkBl msDS-OperationsForAzRoleBL
  may msDS-OperationsForAzTaskBL msDS-parentdistname msDS-PrincipalName msDS-PSOApplied
  may msDS-ReplAttributeMetaData msDS-ReplValueMetaData msDS-ReplValueMetaDataExt
  may msDS-RevealedDSAs msDS-RevealedListBL msDS-SourceAnchor msDS-TasksForAzRoleBL
  may msDS-TasksForAzTaskBL msDS-TDOEgressBL msDS-TDOIngressBL msDS-ValueTypeReferenceBL name
  may nonSecurityMemberBL objectGUID objectVersion otherWellKnownObjects ownerBL
  may partialAttributeDeletionList partialAttributeSet possibleInferiors proxiedObjectName
  may proxyAddresses queryPolicyBL replPropertyMetaData replUpToDateVector repsFrom repsTo
  may revision sDRightsEffective serverReferenceBL showInAdvancedViewOnly siteObjectBL
  may structuralObjectClass subRefs subSchemaSubEntry systemFlags url uSNChanged uSNCreated
  may uSNDSALastObjRemoved USNIntersite uSNLastObjRem uSNSource wbemPath wellKnownObjects
  may whenChanged whenCreated wWWHomePage
trustedDomain d34 leaf structural cn uHqWv+YN0BGihQCqADBJ4g
  cn Trusted-Domain
  under container
  may additionalTrustedServiceNames domainCrossRef domainIdentifier flatName initialAuthIncoming
  may initialAuthOutgoing mS-DS-CreatorSID msDS-EgressClaimsTransformationPolicy
  may msDS-IngressClaimsTransformationPolicy msDS-SupportedEncryptionTypes
  may msDS-TrustForestTrustInfo securityIdentifier trustAttributes trustAuthIncoming
  may trustAuthOutgoing trustDirection trustPartner trustPosixOffset trustType
user d9 organizationalPerson structural cn unqWv+YN0BGihQCqADBJ4g
  cn User Person
  aux mailRecipient msDS-CloudExtensions posixAccount securityPrincipal shadowAccount
  under builtinDomain domainDNS organizationalUnit
  may accountExpires adminCount badPasswordTime badPwdCount businessCategory carLicense codePage
  may controlAccessRights dBCSPwd defaultClassStore departmentNumber desktopProfile displayName
  may dynamicLDAPServer employeeNumber employeeType givenName groupMembershipSAM groupPriority
  may groupsToIgnore homeDirectory homeDrive homePhone homePostalAddress initials labeledURI
  may lastLogoff lastLogon lastLogonTimestamp lmPwdHistory localeID lockoutTime logonCount
  may logonHours logonWorkstation mail manager maxStorage mobile mS-DS-CreatorSID
  may msDS-AssignedAuthNPolicy msDS-AssignedAuthNPolicySilo msDS-AuthenticatedAtDC
  may msDS-AuthNPolicySiloMembersBL msDS-Cached-Membership msDS-Cached-Membership-Time-Stamp
  may msDS-FailedInteractiveLogonCount msDS-FailedInteractiveLogonCountAtLastSuccessfulLogon
  may msDS-KeyCredentialLink msDS-KeyPrincipalBL msDS-LastFailedInteractiveLogonTime
  may msDS-LastSuccessfulInteractiveLogonTime msDS-preferredDataLocation msDS-PrimaryComputer
  may msDS-ResultantPSO msDS-SecondaryKrbTgtNumber msDS-Site-Affinity msDS-SourceObjectDN
  may msDS-SupportedEncryptionTypes msDS-SyncServerUrl msDS-User-Account-Control-Computed
  may msDS-UserPasswordExpiryTimeComputed networkAddress ntPwdHistory o operatorCount
  may otherLoginWorkstations pager preferredLanguage preferredOU primaryGroupID profilePath
  may pwdLastSet roomNumber scriptPath secretary servicePrincipalName uid unicodePwd
  may userAccountControl userCertificate userParameters userPKCS12 userPrincipalName
  may userSharedFolder userSharedFolderOther userSMIMECertificate userWorkstations
`;
