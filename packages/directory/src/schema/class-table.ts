// tidy: table
/**
 * Facts of classes (MS-ADSC, as of Windows Server 1903 and later). A class is a line of
 * lDAPDisplayName, governsID with its stem as a letter of `OID_PREFIXES`, subClassOf, category,
 * rDNAttID, schemaIDGUID in base64, flags (h = defaultHidingValue, o = systemOnly, b =
 * FLAG_SCHEMA_BASE_OBJECT, d = FLAG_DOMAIN_DISALLOW_RENAME) and the number of its
 * defaultSecurityDescriptor in `DESCRIPTOR_TABLE`; then lines of the cn of the class (and of its
 * defaultObjectCategory when that is another), auxiliary classes, possible superiors, mandatory
 * and optional attributes: what the system alone may change, and with a plus what
 * administrators may.
 */
export const CLASS_TABLE = `
account l5 top structural cn aqQoJq2m4Eq4VCsS2f5vng h 1
  cn account
  under+ container organizationalUnit
  may+ description host l o ou seeAlso uid
aCSPolicy d137 top structural cn iBJWfwFT0RGpxQAA+ANnwQ hb 1
  cn ACS-Policy
  under container
  may aCSAggregateTokenRatePerUser aCSDirection aCSIdentityName aCSMaxAggregatePeakRatePerUser
  may aCSMaxDurationPerFlow aCSMaximumSDUSize aCSMaxPeakBandwidthPerFlow aCSMaxTokenBucketPerFlow
  may aCSMaxTokenRatePerFlow aCSMinimumDelayVariation aCSMinimumLatency aCSMinimumPolicedSize
  may aCSPermissionBits aCSPriority aCSServiceType aCSTimeOfDay aCSTotalNoOfFlows
aCSResourceLimits d191 top structural cn BJuJLjQo0xGR1AAA+HpX1A hb 1
  cn ACS-Resource-Limits
  under container
  may aCSAllocableRSVPBandwidth aCSMaxPeakBandwidth aCSMaxPeakBandwidthPerFlow
  may aCSMaxTokenRatePerFlow aCSServiceType
aCSSubnet d138 top structural cn iRJWfwFT0RGpxQAA+ANnwQ hb 2
  cn ACS-Subnet
  under container
  may aCSAllocableRSVPBandwidth aCSCacheTimeout aCSDSBMDeadTime aCSDSBMPriority aCSDSBMRefresh
  may aCSEnableACSService aCSEnableRSVPAccounting aCSEnableRSVPMessageLogging aCSEventLogLevel
  may aCSMaxDurationPerFlow aCSMaxNoOfAccountFiles aCSMaxNoOfLogFiles aCSMaxPeakBandwidth
  may aCSMaxPeakBandwidthPerFlow aCSMaxSizeOfRSVPAccountFile aCSMaxSizeOfRSVPLogFile
  may aCSMaxTokenRatePerFlow aCSNonReservedMaxSDUSize aCSNonReservedMinPolicedSize
  may aCSNonReservedPeakRate aCSNonReservedTokenSize aCSNonReservedTxLimit aCSNonReservedTxSize
  may aCSRSVPAccountFilesLocation aCSRSVPLogFilesLocation aCSServerList
addressBookContainer d125 top structural cn D/Z0PnM+0RGpwAAA+ANnwQ hb 3
  cn Address-Book-Container
  under addressBookContainer configuration
  must displayName
  may purportedSearch
addressTemplate c58 displayTemplate structural cn CiXUX2IS0BGgYACqAGwz7Q h 2
  cn Address-Template
  under container
  must displayName
  may addressSyntax addressType perMsgDialogDisplayTable perRecipDialogDisplayTable
  may proxyGenerationEnabled
applicationEntity f12 top structural cn T+7fP/RH0RGpwwAA+ANnwQ hb 2
  cn Application-Entity
  under applicationProcess container organizationalUnit
  must cn presentationAddress
  may l o ou seeAlso supportedApplicationContext
applicationProcess f11 top structural cn CyXUX2IS0BGgYACqAGwz7Q hob 2
  cn Application-Process
  under computer container organization organizationalUnit
  must cn
  may l ou seeAlso
applicationSettings d7000.49 top abstract cn wayA9/BW0RGpxgAA+ANnwQ hb -
  cn Application-Settings
  under server
  may applicationName msDS-Settings notificationList
applicationSiteSettings d68 top abstract cn XFoZGaBt0BGv0wDAT9kwyQ hb 2
  cn Application-Site-Settings
  under site
  may applicationName notificationList
applicationVersion d216 applicationSettings structural cn rJDH3U2vKkSPD6HUyqfdkg h 2
  cn Application-Version
  under+ computer container organizationalUnit
  may+ appSchemaVersion keywords managedBy owner vendor versionNumber versionNumberHi
  may+ versionNumberLo
attributeSchema c14 top structural cn gHqWv+YN0BGihQCqADBJ4g hbd 4
  cn Attribute-Schema
  under dMD
  must attributeID attributeSyntax cn isSingleValued lDAPDisplayName oMSyntax schemaIDGUID
  may attributeSecurityGUID classDisplayName extendedCharsAllowed isDefunct isEphemeral
  may isMemberOfPartialAttributeSet linkID mAPIID msDS-IntId msDs-Schema-Extensions oMObjectClass
  may rangeLower rangeUpper schemaFlagsEx searchFlags systemOnly
bootableDevice n12 top auxiliary cn dyTLS7NLRUWp/Ptm4Ta0NQ h 2
  cn BootableDevice
  may+ bootFile bootParameter cn
builtinDomain d4 top structural cn gXqWv+YN0BGihQCqADBJ4g hb 5
  cn Builtin-Domain
  aux samDomainBase
  under domainDNS
categoryRegistration d74 leaf structural cn nQ5sfSB+0BGv1gDAT9kwyQ hb 2
  cn Category-Registration
  under classStore
  may categoryId localeID localizedDescription managedBy
certificationAuthority f16 top 88 cn UO7fP/RH0RGpwwAA+ANnwQ hb 2
  cn Certification-Authority
  under container
  must authorityRevocationList cACertificate certificateRevocationList cn
  may cACertificateDN cAConnect cAUsages cAWEBURL certificateTemplates cRLObject
  may crossCertificatePair currentParentCA deltaRevocationList dNSHostName domainID
  may domainPolicyObject enrollmentProviders parentCA parentCACertificateChain
  may pendingCACertificates pendingParentCA previousCACertificates previousParentCA searchGuide
  may signatureAlgorithms supportedApplicationContext teletexTerminalIdentifier
classRegistration d10 leaf structural cn gnqWv+YN0BGihQCqADBJ4g hb 2
  cn Class-Registration
  under classStore
  may cOMCLSID cOMInterfaceID cOMOtherProgId cOMProgID cOMTreatAsClassId implementedCategories
  may managedBy requiredCategories
classSchema c13 top structural cn g3qWv+YN0BGihQCqADBJ4g hbd 4
  cn Class-Schema
  under dMD
  must cn defaultObjectCategory governsID objectClassCategory schemaIDGUID subClassOf
  may auxiliaryClass classDisplayName defaultHidingValue defaultSecurityDescriptor isDefunct
  may lDAPDisplayName mayContain msDS-IntId msDs-Schema-Extensions mustContain possSuperiors
  may rDNAttID schemaFlagsEx systemAuxiliaryClass systemMayContain systemMustContain systemOnly
  may systemPossSuperiors
classStore d44 top structural cn hHqWv+YN0BGihQCqADBJ4g hb 2
  cn Class-Store
  under classStore computer container domainDNS domainPolicy group organizationalUnit user
  may appSchemaVersion lastUpdateSequence nextLevelStore versionNumber
comConnectionPoint d11 connectionPoint structural cn hXqWv+YN0BGihQCqADBJ4g hb 2
  cn Com-Connection-Point
  under container
  must cn
  may marshalledInterface moniker monikerDisplayName
computer c30 user structural cn hnqWv+YN0BGihQCqADBJ4g b 6
  cn Computer
  aux+ ipHost
  under container domainDNS organizationalUnit
  may catalogs cn defaultLocalPolicyObject dNSHostName localPolicyFlags location machineRole
  may managedBy msDS-AdditionalDnsHostName msDS-AdditionalSamAccountName msDS-AuthenticatedAtDC
  may msDS-ExecuteScriptPassword msDS-GenerationId msDS-HostServiceAccount msDS-isGC msDS-isRODC
  may msDS-IsUserCachableAtRodc msDS-KrbTgtLink msDS-NeverRevealGroup msDS-PromotionSettings
  may msDS-RevealedList msDS-RevealedUsers msDS-RevealOnDemandGroup msDS-SiteName
  may msImaging-HashAlgorithm msImaging-ThumbprintHash msTPM-OwnerInformation
  may msTPM-TpmInformationForComputer msTSEndpointData msTSEndpointPlugin msTSEndpointType
  may msTSPrimaryDesktopBL msTSProperty01 msTSProperty02 msTSSecondaryDesktopBL netbootDUID
  may netbootGUID netbootInitialization netbootMachineFilePath netbootMirrorDataFile
  may netbootSIFFile networkAddress operatingSystem operatingSystemHotfix
  may operatingSystemServicePack operatingSystemVersion physicalLocationObject
  may policyReplicationFlags rIDSetReferences siteGUID volumeCount
  may+ msSFU30Aliases msSFU30Name msSFU30NisDomain nisMapName
configuration d12 top structural cn h3qWv+YN0BGihQCqADBJ4g hob 7
  cn Configuration
  under domainDNS
  must cn
  may gPLink gPOptions msDS-USNLastSyncSuccess
connectionPoint d14 leaf abstract cn zx60XEwO0BGihgCqADBJ4g hb 2
  cn Connection-Point
  under computer container
  must cn
  may keywords managedBy msDS-Settings
contact d15 organizationalPerson structural cn 0B60XEwO0BGihgCqADBJ4g b 2
  cn Contact Person
  aux mailRecipient
  under domainDNS organizationalUnit
  must cn
  may msDS-preferredDataLocation notes
  may+ msDS-SourceObjectDN
container c23 top structural cn i3qWv+YN0BGihQCqADBJ4g hb 2
  cn Container
  under configuration container domainDNS msDS-AzAdminManager msDS-AzApplication msDS-AzScope
  under nTDSService organization organizationalUnit server subnet
  must cn
  may defaultClassStore schemaVersion
  may+ msDS-ObjectReference
controlAccessRight d77 top structural cn HpOXgtOG0BGv2gDAT9kwyQ hb 2
  cn Control-Access-Right
  under container
  may appliesTo localizationDisplayId rightsGuid validAccesses
country f2 top 88 c jHqWv+YN0BGihQCqADBJ4g hb 2
  cn Country
  under domainDNS organization
  must c
  may co searchGuide
cRLDistributionPoint f19 top structural cn ylh3FvNH0RGpwwAA+ANnwQ hb 2
  cn CRL-Distribution-Point
  under container
  must cn
  may authorityRevocationList certificateAuthorityObject certificateRevocationList
  may cRLPartitionedRevocationList deltaRevocationList
crossRef c11 top structural cn jXqWv+YN0BGihQCqADBJ4g hb 2
  cn Cross-Ref
  under crossRefContainer
  must cn dnsRoot nCName
  may Enabled msDS-Behavior-Version msDS-DnsRootAlias msDS-NC-Replica-Locations
  may msDS-NC-RO-Replica-Locations msDS-Replication-Notify-First-DSA-Delay
  may msDS-Replication-Notify-Subsequent-DSA-Delay msDS-SDReferenceDomain nETBIOSName
  may nTMixedDomain rootTrust superiorDNSRoot trustParent
crossRefContainer d7000.53 top structural cn 4GCe7/dW0RGpxgAA+ANnwQ ob 8
  cn Cross-Ref-Container
  under configuration
  may msDS-Behavior-Version msDS-EnabledFeature msDS-ExecuteScriptPassword msDS-SPNSuffixes
  may msDS-UpdateScript uPNSuffixes
device f14 top 88 cn jnqWv+YN0BGihQCqADBJ4g hb 2
  cn Device
  aux+ bootableDevice ieee802Device ipHost
  under container domainDNS organization organizationalUnit
  must cn
  may l o ou owner seeAlso serialNumber
  may+ msSFU30Aliases msSFU30Name msSFU30NisDomain nisMapName
dfsConfiguration d42 top structural cn 8vlHhCcQ0BGgXwCqAGwz7Q hb 2
  cn Dfs-Configuration
  under container domainDNS
dHCPClass d132 top structural cn Vic9lr5I0RGpwwAA+ANnwQ hb 2
  cn DHCP-Class
  under container
  must dhcpFlags dhcpIdentification dhcpType dhcpUniqueKey
  may dhcpClasses dhcpMask dhcpMaxKey dhcpObjDescription dhcpObjName dhcpOptions dhcpProperties
  may dhcpRanges dhcpReservations dhcpServers dhcpSites dhcpState dhcpSubnets dhcpUpdateTime
  may mscopeId networkAddress optionDescription optionsLocation superScopeDescription superScopes
displaySpecifier d84 top structural cn ih764EWb0BGv3QDAT9kwyQ hb 2
  cn Display-Specifier
  under container
  may adminContextMenu adminMultiselectPropertyPages adminPropertyPages attributeDisplayNames
  may classDisplayName contextMenu createDialog createWizardExt creationWizard extraColumns
  may iconPath queryFilter scopeFlags shellContextMenu shellPropertyPages treatAsLeaf
displayTemplate c59 top structural cn DCXUX2IS0BGgYACqAGwz7Q h 2
  cn Display-Template
  under container
  must cn
  may addressEntryDisplayTable addressEntryDisplayTableMSDOS helpData16 helpData32 helpFileName
  may originalDisplayTable originalDisplayTableMSDOS
dMD c9 top structural cn j3qWv+YN0BGihQCqADBJ4g hob 2
  cn DMD
  under configuration
  must cn
  may dmdName msDS-IntId msDs-Schema-Extensions msDS-USNLastSyncSuccess prefixMap schemaInfo
  may schemaUpdate
dnsNode d86 top structural dc jB764EWb0BGv3QDAT9kwyQ hb 9
  cn Dns-Node
  under dnsZone dnsZoneScope
  must dc
  may dNSProperty dnsRecord dNSTombstoned
dnsZone d85 top structural dc ix764EWb0BGv3QDAT9kwyQ hb 10
  cn Dns-Zone
  under container
  must dc
  may dnsAllowDynamic dnsAllowXFR dnsNotifySecondaries dNSProperty dnsSecureSecondaries managedBy
  may msDNS-DNSKEYRecords msDNS-DNSKEYRecordSetTTL msDNS-DSRecordAlgorithms msDNS-DSRecordSetTTL
  may msDNS-IsSigned msDNS-MaintainTrustAnchor msDNS-NSEC3CurrentSalt msDNS-NSEC3HashAlgorithm
  may msDNS-NSEC3Iterations msDNS-NSEC3OptOut msDNS-NSEC3RandomSaltLength msDNS-NSEC3UserSalt
  may msDNS-ParentHasSecureDelegation msDNS-PropagationTime msDNS-RFC5011KeyRollovers
  may msDNS-SecureDelegationPollingPeriod msDNS-SignatureInceptionOffset
  may msDNS-SigningKeyDescriptors msDNS-SigningKeys msDNS-SignWithNSEC3
dnsZoneScope d301 top structural cn YYpvaT8tzkCks+J138xJxQ hb 10
  cn Dns-Zone-Scope
  under dnsZoneScopeContainer
  must dc
  may dNSProperty managedBy
dnsZoneScopeContainer d300 top structural cn k5Bp8lryIEKd6wPfTMSpxQ hb 10
  cn Dns-Zone-Scope-Container
  under dnsZone
document l6 top structural cn bdm6OdbCr0uIq35CB2ABFw h 1
  cn document
  under+ container organizationalUnit
  may+ cn description documentAuthor documentIdentifier documentLocation documentPublisher
  may+ documentTitle documentVersion l o ou seeAlso
documentSeries l9 top structural cn fOArei8wlku8kAeV1miF+A h 1
  cn documentSeries
  under+ container organizationalUnit
  must+ cn
  may+ description l o ou seeAlso telephoneNumber
domain d66 top abstract dc WloZGaBt0BGv0wDAT9kwyQ hb -
  cn Domain Domain-DNS
  under domain organization
  must dc
domainDNS d67 domain structural dc W1oZGaBt0BGv0wDAT9kwyQ b -
  cn Domain-DNS
  aux samDomain
  under domainDNS
  may managedBy msDS-AllowedDNSSuffixes msDS-Behavior-Version msDS-EnabledFeature
  may msDS-ExpirePasswordsOnSmartCardOnlyAccounts msDS-USNLastSyncSuccess
domainPolicy d18 leaf structural cn mXqWv+YN0BGihQCqADBJ4g hb 2
  cn Domain-Policy
  under container domainDNS organizationalUnit
  may authenticationOptions defaultLocalPolicyObject domainCAs domainPolicyReference
  may domainWidePolicy eFSPolicy forceLogoff ipsecPolicyReference lockoutDuration
  may lockOutObservationWindow lockoutThreshold managedBy maxPwdAge maxRenewAge maxTicketAge
  may minPwdAge minPwdLength minTicketAge proxyLifetime publicKeyPolicy pwdHistoryLength
  may pwdProperties qualityOfService
domainRelatedObject l17 top auxiliary cn PS39i9rvSUWFLPheE3rtxg h 1
  cn domainRelatedObject
  may+ associatedDomain
dSA f13 applicationEntity structural cn Uu7fP/RH0RGpwwAA+ANnwQ hb 2
  cn DSA
  under computer server
  may knowledgeInformation
dSUISettings d183 top structural cn FA+xCZNv0hGZBQAA+HpX1A hb 2
  cn DS-UI-Settings
  under container
  may dSUIAdminMaximum dSUIAdminNotification dSUIShellMaximum msDS-FilterContainers
  may msDS-Non-Security-Group-Extra-Classes msDS-Security-Group-Extra-Classes
dynamicObject q2 top auxiliary cn SRLVZlUzH0yyToHyUqyiOw hb 2
  cn Dynamic-Object
  may entryTTL msDS-Entry-Time-To-Die
fileLinkTracking d52 top structural cn KSJx3eQQ0BGgXwCqAGwz7Q hb 2
  cn File-Link-Tracking
  under container
fileLinkTrackingEntry d59 top structural cn 7bJOjhJH0BGhoADAT9kwyQ hb 2
  cn File-Link-Tracking-Entry
  under fileLinkTracking
foreignSecurityPrincipal d76 top structural cn EhzjiTCF0BGv2gDAT9kwyQ hb 11
  cn Foreign-Security-Principal
  under container
  must objectSid
  may foreignIdentifier
friendlyCountry l18 country structural cn UvGYxGvcSkefUnzbo9fTUQ h 1
  cn friendlyCountry
  must+ co
fTDfs d43 top structural cn 8/lHhCcQ0BGgXwCqAGwz7Q hb 12
  cn FT-Dfs
  under dfsConfiguration
  must pKT pKTGuid remoteServerName
  may keywords managedBy uNCName
group d8 top structural cn nHqWv+YN0BGihQCqADBJ4g b 13
  cn Group
  aux mailRecipient securityPrincipal
  aux+ posixGroup
  under builtinDomain container domainDNS msDS-AzAdminManager msDS-AzApplication msDS-AzScope
  under organizationalUnit
  must groupType
  may adminCount controlAccessRights desktopProfile groupAttributes groupMembershipSAM mail
  may managedBy member msDS-AzApplicationData msDS-AzBizRule msDS-AzBizRuleLanguage
  may msDS-AzGenericData msDS-AzLastImportedBizRulePath msDS-AzLDAPQuery msDS-AzObjectGuid
  may msDS-NonMembers msDS-preferredDataLocation msDS-PrimaryComputer nonSecurityMember
  may nTGroupMembers operatorCount primaryGroupToken
  may+ msSFU30Name msSFU30NisDomain msSFU30PosixMember
groupOfNames f9 top 88 cn nXqWv+YN0BGihQCqADBJ4g hb 2
  cn Group-Of-Names
  under container locality organization organizationalUnit
  must cn member
  may businessCategory o ou owner seeAlso
groupOfUniqueNames f17 top structural cn EakQA6OTIU6no1XYWrLEiw h 14
  cn groupOfUniqueNames
  under+ container domainDNS organizationalUnit
  must+ cn uniqueMember
  may+ businessCategory description o ou owner seeAlso
groupPolicyContainer d157 container structural cn wjsO8/Cf0RG2AwAA+ANnwQ hb 15
  cn Group-Policy-Container
  may flags gPCFileSysPath gPCFunctionalityVersion gPCMachineExtensionNames gPCUserExtensionNames
  may gPCWQLFilter versionNumber
ieee802Device n11 top auxiliary cn KeWZpjemfUug+13EZqC4pw h 2
  cn IEEE802Device
  may+ cn macAddress
indexServerCatalog d130 connectionPoint structural cn isv9ewdI0RGpwwAA+ANnwQ hb 2
  cn Index-Server-Catalog
  under container organizationalUnit
  must creator
  may friendlyNames indexedScopes queryPoint uNCName
inetOrgPerson j2 user structural cn FMwoSDcUvEWbB61vAV5fKA - 16
  cn inetOrgPerson Person
  under+ container domainDNS organizationalUnit
  may+ audio businessCategory carLicense departmentNumber displayName employeeNumber employeeType
  may+ givenName homePhone homePostalAddress initials jpegPhoto labeledURI mail manager mobile o
  may+ pager photo preferredLanguage roomNumber secretary uid userCertificate userPKCS12
  may+ userSMIMECertificate x500uniqueIdentifier
infrastructureUpdate d175 top structural cn iQ35LZ8A0hGqTADAT9fYOg hob 8
  cn Infrastructure-Update
  under domain infrastructureUpdate
  may dNReferenceUpdate
intellimirrorGroup d152 top structural cn hjA4B9+R0RGuvAAA+ANnwQ hb 17
  cn Intellimirror-Group
  under container domainDNS organizationalUnit
intellimirrorSCP d151 serviceAdministrationPoint structural cn hTA4B9+R0RGuvAAA+ANnwQ hb 2
  cn Intellimirror-SCP
  under computer intellimirrorGroup
  may netbootAllowNewClients netbootAnswerOnlyValidClients netbootAnswerRequests
  may netbootCurrentClientCount netbootIntelliMirrorOSes netbootLimitClients
  may netbootLocallyInstalledOSes netbootMachineFilePath netbootMaxClients
  may netbootNewMachineNamingPolicy netbootNewMachineOU netbootServer netbootTools
interSiteTransport d141 top structural cn dnPZJnBg0RGpxgAA+ANnwQ hb 2
  cn Inter-Site-Transport
  under interSiteTransportContainer
  must transportAddressAttribute transportDLLName
  may options replInterval
interSiteTransportContainer d140 top structural cn dXPZJnBg0RGpxgAA+ANnwQ hb 2
  cn Inter-Site-Transport-Container
  under sitesContainer
ipHost n6 top auxiliary cn RhaRqyeIlU+HgFqPAI62jw h 2
  cn IpHost
  may+ cn description ipHostNumber l manager uid
ipNetwork n7 top structural cn wzZY2T4U+0OZKrBX8eyt+Q h 2
  cn IpNetwork
  under+ container domainDNS nisMap organizationalUnit
  must+ cn ipNetworkNumber
  may+ description ipNetmaskNumber l manager msSFU30Aliases msSFU30Name msSFU30NisDomain
  may+ nisMapName uid
ipProtocol n4 top structural cn 0sstnPD7x02s4INW3NDwEw h 2
  cn IpProtocol
  under+ container domainDNS nisMap organizationalUnit
  must+ cn ipProtocolNumber
  may+ description msSFU30Aliases msSFU30Name msSFU30NisDomain nisMapName
ipsecBase d7000.56 top abstract cn JfgPtHpC0RGpwgAA+ANnwQ hb 18
  cn Ipsec-Base
  may ipsecData ipsecDataType ipsecID ipsecName ipsecOwnersReference
ipsecFilter d118 ipsecBase structural cn JvgPtHpC0RGpwgAA+ANnwQ hb 18
  cn Ipsec-Filter
  under computer container organizationalUnit
ipsecISAKMPPolicy d120 ipsecBase structural cn KPgPtHpC0RGpwgAA+ANnwQ hb 18
  cn Ipsec-ISAKMP-Policy
  under computer container organizationalUnit
ipsecNegotiationPolicy d119 ipsecBase structural cn J/gPtHpC0RGpwgAA+ANnwQ hb 18
  cn Ipsec-Negotiation-Policy
  under computer container organizationalUnit
  may iPSECNegotiationPolicyAction iPSECNegotiationPolicyType
ipsecNFA d121 ipsecBase structural cn KfgPtHpC0RGpwgAA+ANnwQ hb 18
  cn Ipsec-NFA
  under computer container organizationalUnit
  may ipsecFilterReference ipsecNegotiationPolicyReference
ipsecPolicy d98 ipsecBase structural cn ITGxty640BGv7gAA+ANnwQ hb 18
  cn Ipsec-Policy
  under computer container organizationalUnit
  may ipsecISAKMPReference ipsecNFAReference
ipService n3 top structural cn 3/oXJZf6rUid5nmsVyH4ZA h 2
  cn IpService
  under+ container domainDNS nisMap organizationalUnit
  must+ cn ipServicePort ipServiceProtocol
  may+ description msSFU30Aliases msSFU30Name msSFU30NisDomain nisMapName
leaf d20 top abstract cn nnqWv+YN0BGihQCqADBJ4g hb 2
  cn Leaf
licensingSiteSettings d78 applicationSiteSettings structural cn ffHoG/+p0BGv4gDAT9kwyQ hb 2
  cn Licensing-Site-Settings
  under site
  may siteServer
linkTrackObjectMoveTable d91 fileLinkTracking structural cn 9Qys3Y+v0BGv6wDAT9kwyQ hb 2
  cn Link-Track-Object-Move-Table
  under fileLinkTracking
linkTrackOMTEntry d93 leaf structural cn 9wys3Y+v0BGv6wDAT9kwyQ hb 2
  cn Link-Track-OMT-Entry
  under linkTrackObjectMoveTable
  may birthLocation currentLocation oMTGuid oMTIndxGuid timeRefresh
linkTrackVolEntry d92 leaf structural cn 9gys3Y+v0BGv6wDAT9kwyQ hb 19
  cn Link-Track-Vol-Entry
  under linkTrackVolumeTable
  may currMachineId linkTrackSecret objectCount seqNotification timeRefresh timeVolChange
  may volTableGUID volTableIdxGUID
linkTrackVolumeTable d90 fileLinkTracking structural cn 9Ays3Y+v0BGv6wDAT9kwyQ hb 2
  cn Link-Track-Volume-Table
  under fileLinkTracking
locality f3 top structural l oHqWv+YN0BGihQCqADBJ4g b 2
  cn Locality
  under country domainDNS locality organization organizationalUnit
  must l
  may searchGuide seeAlso st street
lostAndFound d139 top structural cn cYarUglX0RGpxgAA+ANnwQ hb 2
  cn Lost-And-Found
  under configuration dMD domainDNS
  may moveTreeState
mailRecipient c46 top auxiliary cn oXqWv+YN0BGihQCqADBJ4g hb 2
  cn Mail-Recipient
  under container
  must cn
  may garbageCollPeriod info legacyExchangeDN showInAddressBook telephoneNumber
  may textEncodedORAddress userCert userCertificate
  may+ labeledURI msDS-ExternalDirectoryObjectId msDS-GeoCoordinatesAltitude
  may+ msDS-GeoCoordinatesLatitude msDS-GeoCoordinatesLongitude msDS-PhoneticDisplayName
  may+ msExchAssistantName msExchLabeledURI secretary userSMIMECertificate
meeting d104 top structural cn lMy2EcRI0RGpwwAA+ANnwQ hb 2
  cn Meeting
  under container
  must meetingName
  may meetingAdvertiseScope meetingApplication meetingBandwidth meetingBlob meetingContactInfo
  may meetingDescription meetingEndTime meetingID meetingIP meetingIsEncrypted meetingKeyword
  may meetingLanguage meetingLocation meetingMaxParticipants meetingOriginator meetingOwner
  may meetingProtocol meetingRating meetingRecurrence meetingScope meetingStartTime meetingType
  may meetingURL
ms-net-ieee-80211-GroupPolicy d251 top structural cn Yxi4HCK4eUOeol/3vcY4bQ hb 2
  cn ms-net-ieee-80211-GroupPolicy
  under computer container person
  may ms-net-ieee-80211-GP-PolicyData ms-net-ieee-80211-GP-PolicyGUID
  may ms-net-ieee-80211-GP-PolicyReserved
ms-net-ieee-8023-GroupPolicy d252 top structural cn ajqgmRmrRkSTUAy4eO0tmw hb 2
  cn ms-net-ieee-8023-GroupPolicy
  under computer container person
  may ms-net-ieee-8023-GP-PolicyData ms-net-ieee-8023-GP-PolicyGUID
  may ms-net-ieee-8023-GP-PolicyReserved
mS-SQL-OLAPCube d190 top structural cn alDwCSjN0hGZkwAA+HpX1A hb 2
  cn MS-SQL-OLAPCube
  under mS-SQL-OLAPDatabase
  may mS-SQL-Contact mS-SQL-Description mS-SQL-InformationURL mS-SQL-Keywords
  may mS-SQL-LastUpdatedDate mS-SQL-Name mS-SQL-PublicationURL mS-SQL-Size mS-SQL-Status
mS-SQL-OLAPDatabase d189 top structural cn GgOvIO/M0hGZkwAA+HpX1A hb 2
  cn MS-SQL-OLAPDatabase
  under mS-SQL-OLAPServer
  may mS-SQL-Applications mS-SQL-ConnectionURL mS-SQL-Contact mS-SQL-Description
  may mS-SQL-InformationURL mS-SQL-Keywords mS-SQL-LastBackupDate mS-SQL-LastUpdatedDate
  may mS-SQL-Name mS-SQL-PublicationURL mS-SQL-Size mS-SQL-Status mS-SQL-Type
mS-SQL-OLAPServer d185 serviceConnectionPoint structural cn 6hh+DO/M0hGZkwAA+HpX1A hb 2
  cn MS-SQL-OLAPServer
  under serviceConnectionPoint
  may mS-SQL-Build mS-SQL-Contact mS-SQL-InformationURL mS-SQL-Keywords mS-SQL-Language
  may mS-SQL-Name mS-SQL-PublicationURL mS-SQL-RegisteredOwner mS-SQL-ServiceAccount mS-SQL-Status
  may mS-SQL-Version
mS-SQL-SQLDatabase d188 top structural cn SmkIHe/M0hGZkwAA+HpX1A hb 2
  cn MS-SQL-SQLDatabase
  under mS-SQL-SQLServer
  may mS-SQL-Alias mS-SQL-Applications mS-SQL-Contact mS-SQL-CreationDate mS-SQL-Description
  may mS-SQL-InformationURL mS-SQL-Keywords mS-SQL-LastBackupDate mS-SQL-LastDiagnosticDate
  may mS-SQL-Name mS-SQL-Size mS-SQL-Status
mS-SQL-SQLPublication d187 top structural cn TvbCF+/M0hGZkwAA+HpX1A hb 2
  cn MS-SQL-SQLPublication
  under mS-SQL-SQLServer
  may mS-SQL-AllowAnonymousSubscription mS-SQL-AllowImmediateUpdatingSubscription
  may mS-SQL-AllowKnownPullSubscription mS-SQL-AllowQueuedUpdatingSubscription
  may mS-SQL-AllowSnapshotFilesFTPDownloading mS-SQL-Database mS-SQL-Description mS-SQL-Name
  may mS-SQL-Publisher mS-SQL-Status mS-SQL-ThirdParty mS-SQL-Type
mS-SQL-SQLRepository d186 top structural cn XDzUEe/M0hGZkwAA+HpX1A hb 2
  cn MS-SQL-SQLRepository
  under mS-SQL-SQLServer
  may mS-SQL-Build mS-SQL-Contact mS-SQL-Description mS-SQL-InformationDirectory mS-SQL-Name
  may mS-SQL-Status mS-SQL-Version
mS-SQL-SQLServer d184 serviceConnectionPoint structural cn eMj2Be/M0hGZkwAA+HpX1A hb 2
  cn MS-SQL-SQLServer
  under serviceConnectionPoint
  may mS-SQL-AppleTalk mS-SQL-Build mS-SQL-CharacterSet mS-SQL-Clustered mS-SQL-Contact
  may mS-SQL-GPSHeight mS-SQL-GPSLatitude mS-SQL-GPSLongitude mS-SQL-InformationURL
  may mS-SQL-Keywords mS-SQL-LastUpdatedDate mS-SQL-Location mS-SQL-Memory mS-SQL-MultiProtocol
  may mS-SQL-Name mS-SQL-NamedPipe mS-SQL-RegisteredOwner mS-SQL-ServiceAccount mS-SQL-SortOrder
  may mS-SQL-SPX mS-SQL-Status mS-SQL-TCPIP mS-SQL-UnicodeSortOrder mS-SQL-Vines
msAuthz-CentralAccessPolicies a2161 top structural cn wyFcVTahWkWTl3lrvTWOJQ hb 20
  cn ms-Authz-Central-Access-Policies
  under container
msAuthz-CentralAccessPolicy a2164 top structural cn sJxnpZ1vLEOLdR4+g08Cqg b 20
  cn ms-Authz-Central-Access-Policy
  under msAuthz-CentralAccessPolicies
  may msAuthz-CentralAccessPolicyID msAuthz-MemberRulesInCentralAccessPolicy
msAuthz-CentralAccessRule a2163 top structural cn 3AZKWxwl206IEwvdcTJyJg b 20
  cn ms-Authz-Central-Access-Rule
  under msAuthz-CentralAccessRules
  may Enabled msAuthz-EffectiveSecurityPolicy msAuthz-LastEffectiveSecurityPolicy
  may msAuthz-MemberRulesInCentralAccessPolicyBL msAuthz-ProposedSecurityPolicy
  may msAuthz-ResourceCondition
msAuthz-CentralAccessRules a2162 top structural cn ehu7mW1gi0+ADuFb5VTKjQ hb 20
  cn ms-Authz-Central-Access-Rules
  under container
msCOM-Partition d193 top structural cn dA4ByVhO90mKiV4+I0D8+A hb 2
  cn ms-COM-Partition
  under container domainDNS organizationalUnit
  may msCOM-ObjectId
msCOM-PartitionSet d194 top structural cn q2QEJRfEekmXWp4NRZp8oQ hb 2
  cn ms-COM-PartitionSet
  under container domainDNS organizationalUnit
  may msCOM-DefaultPartitionLink msCOM-ObjectId msCOM-PartitionLink
msDFS-DeletedLinkv2 d260 top structural cn CDQXJcoE6ECGXj+c6b8b0w hb 2
  cn ms-DFS-Deleted-Link-v2
  under msDFS-Namespacev2
  must msDFS-LastModifiedv2 msDFS-LinkIdentityGUIDv2 msDFS-LinkPathv2
  must msDFS-NamespaceIdentityGUIDv2
  may msDFS-Commentv2 msDFS-ShortNameLinkPathv2
msDFS-Linkv2 d259 top structural cn evtpd1kRlk6czWi8SHBz6w hb 2
  cn ms-DFS-Link-v2
  under msDFS-Namespacev2
  must msDFS-GenerationGUIDv2 msDFS-LastModifiedv2 msDFS-LinkIdentityGUIDv2 msDFS-LinkPathv2
  must msDFS-NamespaceIdentityGUIDv2 msDFS-Propertiesv2 msDFS-TargetListv2 msDFS-Ttlv2
  may msDFS-Commentv2 msDFS-LinkSecurityDescriptorv2 msDFS-ShortNameLinkPathv2
msDFS-NamespaceAnchor d257 top structural cn haBz2mRuYU2wZAFdBBZHlQ hb 21
  cn ms-DFS-Namespace-Anchor
  under dfsConfiguration
  must msDFS-SchemaMajorVersion
msDFS-Namespacev2 d258 top structural cn KIbLIcPzv0u/9gYLLY8pmg hb 2
  cn ms-DFS-Namespace-v2
  under msDFS-NamespaceAnchor
  must msDFS-GenerationGUIDv2 msDFS-LastModifiedv2 msDFS-NamespaceIdentityGUIDv2
  must msDFS-Propertiesv2 msDFS-SchemaMajorVersion msDFS-SchemaMinorVersion msDFS-TargetListv2
  must msDFS-Ttlv2
  may msDFS-Commentv2
msDFSR-Connection t10 top structural cn LpeP5bVk70aNi7vD4Yl+qw h 22
  cn ms-DFSR-Connection
  under+ msDFSR-Member
  must+ fromServer
  may+ msDFSR-DisablePacketPrivacy msDFSR-Enabled msDFSR-Extension msDFSR-Flags msDFSR-Keywords
  may+ msDFSR-Options msDFSR-Options2 msDFSR-Priority msDFSR-RdcEnabled msDFSR-RdcMinFileSizeInKb
  may+ msDFSR-Schedule
msDFSR-Content t6 top structural cn NZt1ZKHT5EK18aPeFiEJsw h 22
  cn ms-DFSR-Content
  under+ msDFSR-ReplicationGroup
  may+ msDFSR-Extension msDFSR-Flags msDFSR-Options msDFSR-Options2
msDFSR-ContentSet t7 top structural cn DfQ3SdymSE2Xygbl+/0/Fg h 22
  cn ms-DFSR-ContentSet
  under+ msDFSR-Content
  may+ description msDFSR-ConflictSizeInMb msDFSR-DefaultCompressionExclusionFilter
  may+ msDFSR-DeletedSizeInMb msDFSR-DfsPath msDFSR-DirectoryFilter msDFSR-Extension
  may+ msDFSR-FileFilter msDFSR-Flags msDFSR-OnDemandExclusionDirectoryFilter
  may+ msDFSR-OnDemandExclusionFileFilter msDFSR-Options msDFSR-Options2 msDFSR-Priority
  may+ msDFSR-RootSizeInMb msDFSR-StagingSizeInMb
msDFSR-GlobalSettings t4 top structural cn rds1e+yzakiq1C/snW6m9g h 22
  cn ms-DFSR-GlobalSettings
  under+ container
  may+ msDFSR-Extension msDFSR-Flags msDFSR-Options msDFSR-Options2
msDFSR-LocalSettings t1 top structural cn kcWF+n8ZfkeDvepaQ98iOQ h 22
  cn ms-DFSR-LocalSettings
  under+ computer
  may+ msDFSR-CommonStagingPath msDFSR-CommonStagingSizeInMb msDFSR-Extension msDFSR-Flags
  may+ msDFSR-Options msDFSR-Options2 msDFSR-StagingCleanupTriggerInPercent msDFSR-Version
msDFSR-Member t9 top structural cn l8gpQhHCfEOlrtv3BbaW5Q h 22
  cn ms-DFSR-Member
  under+ msDFSR-Topology
  must+ msDFSR-ComputerReference
  may+ msDFSR-Extension msDFSR-Flags msDFSR-Keywords msDFSR-Options msDFSR-Options2
  may+ serverReference
msDFSR-ReplicationGroup t5 top structural cn 4C8zHCoMMk+vyiPF5Fqedw h 22
  cn ms-DFSR-ReplicationGroup
  under+ msDFSR-GlobalSettings
  must+ msDFSR-ReplicationGroupType
  may+ description msDFSR-ConflictSizeInMb msDFSR-DefaultCompressionExclusionFilter
  may+ msDFSR-DeletedSizeInMb msDFSR-DirectoryFilter msDFSR-Extension msDFSR-FileFilter
  may+ msDFSR-Flags msDFSR-OnDemandExclusionDirectoryFilter msDFSR-OnDemandExclusionFileFilter
  may+ msDFSR-Options msDFSR-Options2 msDFSR-RootSizeInMb msDFSR-Schedule msDFSR-StagingSizeInMb
  may+ msDFSR-TombstoneExpiryInMin msDFSR-Version
msDFSR-Subscriber t2 top structural cn 1wUV4cSS50O/XClYMv/Ilg h 22
  cn ms-DFSR-Subscriber
  under+ msDFSR-LocalSettings
  must+ msDFSR-MemberReference msDFSR-ReplicationGroupGuid
  may+ msDFSR-Extension msDFSR-Flags msDFSR-Options msDFSR-Options2
msDFSR-Subscription t3 top structural cn FCQhZ8x7CUaH4AiNrYq97g h 22
  cn ms-DFSR-Subscription
  under+ msDFSR-Subscriber
  must+ msDFSR-ContentSetGuid msDFSR-ReplicationGroupGuid
  may+ msDFSR-CachePolicy msDFSR-ConflictPath msDFSR-ConflictSizeInMb msDFSR-DeletedPath
  may+ msDFSR-DeletedSizeInMb msDFSR-DfsLinkTarget msDFSR-Enabled msDFSR-Extension msDFSR-Flags
  may+ msDFSR-MaxAgeInCacheInMin msDFSR-MinDurationCacheInMin
  may+ msDFSR-OnDemandExclusionDirectoryFilter msDFSR-OnDemandExclusionFileFilter msDFSR-Options
  may+ msDFSR-Options2 msDFSR-ReadOnly msDFSR-RootFence msDFSR-RootPath msDFSR-RootSizeInMb
  may+ msDFSR-StagingCleanupTriggerInPercent msDFSR-StagingPath msDFSR-StagingSizeInMb
msDFSR-Topology t8 top structural cn qYqCBEJugE65YuL+AHVNFw h 22
  cn ms-DFSR-Topology
  under+ msDFSR-ReplicationGroup
  may+ msDFSR-Extension msDFSR-Flags msDFSR-Options msDFSR-Options2
msDNS-ServerSettings a2129 top structural cn 7cMv7xhuW0GZ5DEUqMsSSw b 23
  cn ms-DNS-Server-Settings
  under server
  may msDNS-KeymasterZones
msDS-App-Configuration d220 applicationSettings structural cn PjzfkFQYVUSl18rUDVZleg h 2
  cn ms-DS-App-Configuration
  under+ computer container organizationalUnit
  may+ keywords managedBy msDS-ByteArray msDS-DateTime msDS-Integer msDS-ObjectReference owner
msDS-AppData d241 applicationSettings structural cn YddnnifjVU28lWgvh14vjg h 2
  cn ms-DS-App-Data
  under+ computer container organizationalUnit
  may+ keywords managedBy msDS-ByteArray msDS-DateTime msDS-Integer msDS-ObjectReference owner
msDS-AuthNPolicies d293 top structural cn Xd+aOpd7fk+rtOW1XBwGtA hb 23
  cn ms-DS-AuthN-Policies
  under container
msDS-AuthNPolicy d294 top structural cn VhFqq8dN9UCRgI5M5C/lzQ b 23
  cn ms-DS-AuthN-Policy
  under msDS-AuthNPolicies
  may msDS-AssignedAuthNPolicyBL msDS-AuthNPolicyEnforced msDS-ComputerAllowedToAuthenticateTo
  may msDS-ComputerAuthNPolicyBL msDS-ComputerTGTLifetime
  may msDS-ServiceAllowedNTLMNetworkAuthentication msDS-ServiceAllowedToAuthenticateFrom
  may msDS-ServiceAllowedToAuthenticateTo msDS-ServiceAuthNPolicyBL msDS-ServiceTGTLifetime
  may msDS-StrongNTLMPolicy msDS-UserAllowedNTLMNetworkAuthentication
  may msDS-UserAllowedToAuthenticateFrom msDS-UserAllowedToAuthenticateTo msDS-UserAuthNPolicyBL
  may msDS-UserTGTLifetime
msDS-AuthNPolicySilo d292 top structural cn Hkbw+X1piUaSmTfmHWF7DQ b 23
  cn ms-DS-AuthN-Policy-Silo
  under msDS-AuthNPolicySilos
  may msDS-AssignedAuthNPolicySiloBL msDS-AuthNPolicySiloEnforced msDS-AuthNPolicySiloMembers
  may msDS-ComputerAuthNPolicy msDS-ServiceAuthNPolicy msDS-UserAuthNPolicy
msDS-AuthNPolicySilos d291 top structural cn Ckex0oSPHkmnUrQB7gD+XA hb 23
  cn ms-DS-AuthN-Policy-Silos
  under container
msDS-AzAdminManager d234 top structural cn URDuzyhfrkuoY10MwYqO0Q hb 21
  cn ms-DS-Az-Admin-Manager
  under container domainDNS organizationalUnit
  may description msDS-AzApplicationData msDS-AzDomainTimeout msDS-AzGenerateAudits
  may msDS-AzGenericData msDS-AzMajorVersion msDS-AzMinorVersion msDS-AzObjectGuid
  may msDS-AzScriptEngineCacheMax msDS-AzScriptTimeout
msDS-AzApplication d235 top structural cn m9743aXLEk6ELijYtm917A hb 21
  cn ms-DS-Az-Application
  under msDS-AzAdminManager
  may description msDS-AzApplicationData msDS-AzApplicationName msDS-AzApplicationVersion
  may msDS-AzClassId msDS-AzGenerateAudits msDS-AzGenericData msDS-AzObjectGuid
msDS-AzOperation d236 top structural cn N74KhpuapE+z0ris5d+exQ hb 21
  cn ms-DS-Az-Operation
  under container msDS-AzApplication
  must msDS-AzOperationID
  may description msDS-AzApplicationData msDS-AzGenericData msDS-AzObjectGuid
msDS-AzRole d239 top structural cn yeoTglWd3ESSXOmlK5J2RA hb 21
  cn ms-DS-Az-Role
  under container msDS-AzApplication msDS-AzScope
  may description msDS-AzApplicationData msDS-AzGenericData msDS-AzObjectGuid
  may msDS-MembersForAzRole msDS-OperationsForAzRole msDS-TasksForAzRole
msDS-AzScope d237 top structural cn VODqT1XOu0eGDlsSBjpR3g hb 21
  cn ms-DS-Az-Scope
  under msDS-AzApplication
  must msDS-AzScopeName
  may description msDS-AzApplicationData msDS-AzGenericData msDS-AzObjectGuid
msDS-AzTask d238 top structural cn c6TTHhubikG/oDo3uVpTBg hb 21
  cn ms-DS-Az-Task
  under container msDS-AzApplication msDS-AzScope
  may description msDS-AzApplicationData msDS-AzBizRule msDS-AzBizRuleLanguage msDS-AzGenericData
  may msDS-AzLastImportedBizRulePath msDS-AzObjectGuid msDS-AzTaskIsRoleDefinition
  may msDS-OperationsForAzTask msDS-TasksForAzTask
msDS-ClaimsTransformationPolicies d281 top structural cn san8yIh9T7uCekSJJ3EHYg hb 24
  cn ms-DS-Claims-Transformation-Policies
  under container
msDS-ClaimsTransformationPolicyType d280 top structural cn s2LrLnMTRf6BATh/Fnbtxw hb 24
  cn ms-DS-Claims-Transformation-Policy-Type
  under msDS-ClaimsTransformationPolicies
  may msDS-TransformationRules msDS-TransformationRulesCompiled
msDS-ClaimType d272 msDS-ClaimTypePropertyBase structural cn fIWjgWlUj02q5sJ2mXYmBA b 20
  cn ms-DS-Claim-Type
  under msDS-ClaimTypes
  may msDS-ClaimAttributeSource msDS-ClaimIsSingleValued msDS-ClaimIsValueSpaceRestricted
  may msDS-ClaimSource msDS-ClaimSourceType msDS-ClaimTypeAppliesToClass msDS-ClaimValueType
msDS-ClaimTypePropertyBase d269 top abstract cn WC9EuJDEh0SKndgLiDJxrQ b 20
  cn ms-DS-Claim-Type-Property-Base
  may Enabled msDS-ClaimPossibleValues msDS-ClaimSharesPossibleValuesWith
msDS-ClaimTypes d270 top structural cn NTIJNhXHIUirarVvsoBaWA hb 20
  cn ms-DS-Claim-Types
  under container
msDS-CloudExtensions d283 top auxiliary cn pIceZCaDcUe6LccG3zXjWg hb 2
  cn ms-DS-Cloud-Extensions
  may+ msDS-cloudExtensionAttribute1 msDS-cloudExtensionAttribute10 msDS-cloudExtensionAttribute11
  may+ msDS-cloudExtensionAttribute12 msDS-cloudExtensionAttribute13
  may+ msDS-cloudExtensionAttribute14 msDS-cloudExtensionAttribute15
  may+ msDS-cloudExtensionAttribute16 msDS-cloudExtensionAttribute17
  may+ msDS-cloudExtensionAttribute18 msDS-cloudExtensionAttribute19 msDS-cloudExtensionAttribute2
  may+ msDS-cloudExtensionAttribute20 msDS-cloudExtensionAttribute3 msDS-cloudExtensionAttribute4
  may+ msDS-cloudExtensionAttribute5 msDS-cloudExtensionAttribute6 msDS-cloudExtensionAttribute7
  may+ msDS-cloudExtensionAttribute8 msDS-cloudExtensionAttribute9
msDS-Device d286 top structural cn c7byXUFtdEez6NUujun/mQ hb 25
  cn ms-DS-Device
  under msDS-DeviceContainer
  must altSecurityIdentities displayName msDS-DeviceID msDS-IsEnabled
  may msDS-ApproximateLastLogonTimeStamp msDS-CloudAnchor msDS-CloudIsManaged msDS-ComputerSID
  may msDS-DeviceMDMStatus msDS-DeviceObjectVersion msDS-DeviceOSType msDS-DeviceOSVersion
  may msDS-DevicePhysicalIDs msDS-DeviceTrustType msDS-IsCompliant msDS-IsManaged
  may msDS-KeyCredentialLink msDS-RegisteredOwner msDS-RegisteredUsers
msDS-DeviceContainer d289 top structural cn WIyefBuQqE627E656fwOEQ hb 25
  cn ms-DS-Device-Container
  under domainDNS
msDS-DeviceRegistrationService d284 top structural cn Gjq8ltLj00mvEXsN951n9Q hb 26
  cn ms-DS-Device-Registration-Service
  under msDS-DeviceRegistrationServiceContainer
  must msDS-DeviceLocation msDS-IsEnabled
  may msDS-CloudIsEnabled msDS-CloudIssuerPublicCertificates msDS-IssuerCertificates
  may msDS-IssuerPublicCertificates msDS-MaximumRegistrationInactivityPeriod
  may msDS-RegistrationQuota
msDS-DeviceRegistrationServiceContainer d287 top structural cn zlULMc09kkOpbcnjU5fCTw hb 26
  cn ms-DS-Device-Registration-Service-Container
  under container
msDS-GroupManagedServiceAccount d282 computer structural cn ilWLe6WT90qtysAX5n8QVw b 27
  cn ms-DS-Group-Managed-Service-Account
  under computer container domainDNS organizationalUnit
  must msDS-ManagedPasswordInterval
  may msDS-GroupMSAMembership msDS-ManagedPassword msDS-ManagedPasswordId
  may msDS-ManagedPasswordPreviousId
msDS-KeyCredential d297 top structural cn Q1Uf7i58akeLP+EfSvbEmA b 28
  cn ms-DS-Key-Credential
  under container
  must msDS-KeyId
  may msDS-ComputerSID msDS-CustomKeyInformation msDS-DeviceDN msDS-DeviceID
  may msDS-KeyApproximateLastLogonTimeStamp msDS-KeyMaterial msDS-KeyPrincipal msDS-KeyUsage
msDS-ManagedServiceAccount d264 computer structural cn RGIgzidYhkq6HBwMOGwbZA b 29
  cn ms-DS-Managed-Service-Account
  under container domainDNS organizationalUnit
msDS-OptionalFeature d265 top structural cn QQDwRK81i0ayCmzoc3xYCw hob 30
  cn ms-DS-Optional-Feature
  under container
  must msDS-OptionalFeatureFlags msDS-OptionalFeatureGUID
  may msDS-RequiredDomainBehaviorVersion msDS-RequiredForestBehaviorVersion
msDS-PasswordSettings d255 top structural cn uJ3NO0v4HEWVL2xSuB+exg b 19
  cn ms-DS-Password-Settings
  under msDS-PasswordSettingsContainer
  must msDS-LockoutDuration msDS-LockoutObservationWindow msDS-LockoutThreshold
  must msDS-MaximumPasswordAge msDS-MinimumPasswordAge msDS-MinimumPasswordLength
  must msDS-PasswordComplexityEnabled msDS-PasswordHistoryLength
  must msDS-PasswordReversibleEncryptionEnabled msDS-PasswordSettingsPrecedence
  may msDS-PSOAppliesTo
msDS-PasswordSettingsContainer d256 top structural cn arAGW/NMwES9FkO8EKmH2g b 19
  cn ms-DS-Password-Settings-Container
  under container
msDS-QuotaContainer d242 top structural cn T/yD2m8H6kq03I9Nq5tZkw hb 31
  cn ms-DS-Quota-Container
  under configuration domainDNS
  must cn
  may msDS-DefaultQuota msDS-QuotaEffective msDS-QuotaUsed msDS-TombstoneQuotaFactor
  may msDS-TopQuotaUsage
msDS-QuotaControl d243 top structural cn JvyR3gK9UkuuJnlZmelvxw hb 32
  cn ms-DS-Quota-Control
  under msDS-QuotaContainer
  must cn msDS-QuotaAmount msDS-QuotaTrustee
msDS-ResourceProperties d271 top structural cn hEVKelCzj0es1rS4UtgswA hb 20
  cn ms-DS-Resource-Properties
  under container
msDS-ResourceProperty d273 msDS-ClaimTypePropertyBase structural cn Xj0oWwSElUGTOYRQGIxQGg b 23
  cn ms-DS-Resource-Property
  under msDS-ResourceProperties
  must msDS-ValueTypeReference
  may msDS-AppliesToResourceTypes msDS-IsUsedAsResourceSecurityAttribute
msDS-ResourcePropertyList d274 top structural cn etTjckKzRU2PVrr/gDyr+Q b 20
  cn ms-DS-Resource-Property-List
  under container
  may msDS-MembersOfResourcePropertyList
msDS-ShadowPrincipal d299 top structural cn s0wPd0MWnEa3Zu3XeqdeFA b -
  cn ms-DS-Shadow-Principal
  under msDS-ShadowPrincipalContainer
  must msDS-ShadowPrincipalSid
  may member
msDS-ShadowPrincipalContainer d298 container structural cn RVX5ERLXUEy4R9J4FTfGMw b 23
  cn ms-DS-Shadow-Principal-Container
msDS-ValueType d279 top structural cn 33/C4x2wTk+H5wVu7w65Ig hb 33
  cn ms-DS-Value-Type
  under container
  must msDS-ClaimIsSingleValued msDS-ClaimIsValueSpaceRestricted msDS-ClaimValueType
  must msDS-IsPossibleValuesPresent
msExchConfigurationContainer d176 container structural cn WGg90PQG0hGqUwDAT9fYOg hb 2
  cn ms-Exch-Configuration-Container
  may addressBookRoots addressBookRoots2 globalAddressList globalAddressList2 templateRoots
  may templateRoots2
msFVE-RecoveryInformation d253 top structural cn MF1x6lOP0EC9HmEJGG14LA hb 19
  cn ms-FVE-RecoveryInformation
  under computer
  must msFVE-RecoveryGuid msFVE-RecoveryPassword
  may+ msFVE-KeyPackage msFVE-VolumeGuid
msieee80211-Policy d240 top structural cn ki2ae+u3gkOXcsPg+bqvlA hb 2
  cn ms-ieee-80211-Policy
  under computer container organizationalUnit
  may msieee80211-Data msieee80211-DataType msieee80211-ID
msImaging-PostScanProcess d263 top structural cn fCV8H6O4JUWC+BHMx77jbg b 1
  cn ms-Imaging-PostScanProcess
  under msImaging-PSPs
  must displayName msImaging-PSPIdentifier
  may msImaging-PSPString serverName
msImaging-PSPs d262 container structural cn wSrtoAyXd0eEjuxjoOxE/A b 1
  cn ms-Imaging-PSPs
  under container
msKds-ProvRootKey d278 top structural cn Qf0CquAXGE+Gh7Ijlklzaw hb 33
  cn ms-Kds-Prov-RootKey
  under container
  must cn msKds-CreateTime msKds-DomainID msKds-KDFAlgorithmID msKds-PrivateKeyLength
  must msKds-PublicKeyLength msKds-RootKeyData msKds-SecretAgreementAlgorithmID msKds-UseStartTime
  must msKds-Version
  may msKds-KDFParam msKds-SecretAgreementParam
msKds-ProvServerConfiguration d277 top structural cn qEPyXiUqpkWLcwinGuZ3zg hb 33
  cn ms-Kds-Prov-ServerConfiguration
  under container
  must msKds-Version
  may msKds-KDFAlgorithmID msKds-KDFParam msKds-PrivateKeyLength msKds-PublicKeyLength
  may msKds-SecretAgreementAlgorithmID msKds-SecretAgreementParam
msMQ-Custom-Recipient d218 top structural cn F2hth8w1bEOs6l73F03Zvg b 2
  cn MSMQ-Custom-Recipient
  under container domainDNS organizationalUnit
  may msMQ-Recipient-FormatName
msMQ-Group d219 top structural cn rHqyRvqq+0+3c+W/Yh7oew hb 2
  cn MSMQ-Group
  under organizationalUnit
  must member
mSMQConfiguration d162 top structural cn RMMNmgDB0RG7xQCAx2ZwwA hb 2
  cn MSMQ-Configuration
  under computer
  may mSMQComputerType mSMQComputerTypeEx mSMQDependentClientServices mSMQDsServices
  may mSMQEncryptKey mSMQForeign mSMQInRoutingServers mSMQJournalQuota mSMQOSType
  may mSMQOutRoutingServers mSMQOwnerID mSMQQuota mSMQRoutingServices mSMQServiceType mSMQSignKey
  may mSMQSites
mSMQEnterpriseSettings d163 top structural cn RcMNmgDB0RG7xQCAx2ZwwA hb 2
  cn MSMQ-Enterprise-Settings
  under container
  may mSMQCSPName mSMQInterval1 mSMQInterval2 mSMQLongLived mSMQNameStyle mSMQVersion
mSMQMigratedUser d179 top structural cn l2l3UD080hGQzADAT9kasQ hb 2
  cn MSMQ-Migrated-User
  under builtinDomain domainDNS organizationalUnit
  may mSMQDigests mSMQDigestsMig mSMQSignCertificates mSMQSignCertificatesMig mSMQUserSid
  may objectSid
mSMQQueue d161 top structural cn Q8MNmgDB0RG7xQCAx2ZwwA b 2
  cn MSMQ-Queue
  under mSMQConfiguration
  may MSMQ-MulticastAddress MSMQ-SecuredSource mSMQAuthenticate mSMQBasePriority mSMQJournal
  may mSMQLabel mSMQLabelEx mSMQOwnerID mSMQPrivacyLevel mSMQQueueJournalQuota mSMQQueueNameExt
  may mSMQQueueQuota mSMQQueueType mSMQTransactional
mSMQSettings d165 top structural cn R8MNmgDB0RG7xQCAx2ZwwA hb 2
  cn MSMQ-Settings
  under server
  may mSMQDependentClientService mSMQDsService mSMQMigrated mSMQNt4Flags mSMQOwnerID mSMQQMID
  may mSMQRoutingService mSMQServices mSMQSiteName mSMQSiteNameEx
mSMQSiteLink d164 top structural cn RsMNmgDB0RG7xQCAx2ZwwA b 2
  cn MSMQ-Site-Link
  under mSMQEnterpriseSettings
  must mSMQCost mSMQSite1 mSMQSite2
  may mSMQSiteGates mSMQSiteGatesMig
msPKI-Enterprise-Oid d196 top structural cn XNjPNxln2EqPnoZ4umJ1Yw hb 2
  cn ms-PKI-Enterprise-Oid
  under container msPKI-Enterprise-Oid
  may msDS-OIDToGroupLink msPKI-Cert-Template-OID msPKI-OID-Attribute msPKI-OID-CPS
  may msPKI-OID-User-Notice msPKI-OIDLocalizedName
msPKI-Key-Recovery-Agent d195 user structural cn OPLMJo6ghkuagqjJrH7lyw hb 2
  cn ms-PKI-Key-Recovery-Agent
  under container
msPKI-PrivateKeyRecoveryAgent d223 top structural cn MqZiFblEfkqi0+QmyWo6zA hb 2
  cn ms-PKI-Private-Key-Recovery-Agent
  under container
  must userCertificate
msPrint-ConnectionPolicy x2 top structural cn xzNvodZ/KEiTZENROP2gjQ h 2
  cn ms-Print-ConnectionPolicy
  under+ container
  must+ cn
  may+ printAttributes printerName serverName uNCName
msSFU30DomainInfo v215 top structural cn zn0pNmtlI0SrZdq7J3CBng h 2
  cn msSFU-30-Domain-Info
  under+ container
  may+ msSFU30CryptMethod msSFU30Domains msSFU30IsValidContainer msSFU30MasterServerName
  may+ msSFU30MaxGidNumber msSFU30MaxUidNumber msSFU30OrderNumber msSFU30SearchContainer
  may+ msSFU30YpServers
msSFU30MailAliases v211 top structural cn hQdx1v+Gt0SFtfH4aJUizg h 2
  cn msSFU-30-Mail-Aliases
  under+ container domainDNS nisMap
  may+ msSFU30Aliases msSFU30Name msSFU30NisDomain nisMapName
msSFU30NetId v212 top structural cn LBlj4gIq30iXkpTyMoeBoA h 2
  cn msSFU-30-Net-Id
  under+ container domainDNS nisMap
  may+ msSFU30KeyValues msSFU30Name msSFU30NisDomain nisMapName
msSFU30NetworkUser v216 top structural cn ozRT4fALJ0S2chH12ErMkg h 2
  cn msSFU-30-Network-User
  under+ container domainDNS nisMap
  may+ msSFU30KeyValues msSFU30Name msSFU30NisDomain nisMapName
msSFU30NISMapConfig v217 top structural cn 0DP3+uv4z02NdfF1OvalCw h 2
  cn msSFU-30-NIS-Map-Config
  under+ container
  may+ msSFU30FieldSeparator msSFU30IntraFieldSeparator msSFU30KeyAttributes msSFU30MapFilter
  may+ msSFU30NSMAPFieldPosition msSFU30ResultAttributes msSFU30SearchAttributes
msSPP-ActivationObject d267 top structural cn jOagUcUNykOTXcHJEb8u5Q hb 34
  cn ms-SPP-Activation-Object
  under msSPP-ActivationObjectsContainer
  must msSPP-CSVLKPartialProductKey msSPP-CSVLKPid msSPP-CSVLKSkuId msSPP-KMSIds
  may msSPP-ConfigLicense msSPP-ConfirmationId msSPP-InstallationId msSPP-IssuanceLicense
  may msSPP-OnlineLicense msSPP-PhoneLicense
msSPP-ActivationObjectsContainer d266 top structural cn K4YvtyW7XU2qUWLFm9+Qrg hb 34
  cn ms-SPP-Activation-Objects-Container
  under container
msTAPI-RtConference d221 top structural msTAPI-uid NZd7yipLSU6Jw5kCUzTclA hb 2
  cn ms-TAPI-Rt-Conference
  under organizationalUnit
  must msTAPI-uid
  may msTAPI-ConferenceBlob msTAPI-ProtocolId
msTAPI-RtPerson d222 top structural cn tRzqUwS3+U2Bj1y07IbKwQ hb 2
  cn ms-TAPI-Rt-Person
  under organization organizationalUnit
  may msTAPI-IpAddress msTAPI-uid
msTPM-InformationObject d275 top structural cn alsEhaZHQ0KnzGiQcB9mLA hb 35
  cn ms-TPM-Information-Object
  under msTPM-InformationObjectsContainer
  must msTPM-OwnerInformation
  may msTPM-OwnerInformationTemp msTPM-SrkPubThumbprint
msTPM-InformationObjectsContainer d276 top structural cn vagn4FZk3kWQozhZOHfudA hb 36
  cn ms-TPM-Information-Objects-Container
  under domain domainDNS
  must cn
msWMI-IntRangeParam d205 msWMI-RangeParam structural cn fV3KUItc806531tm1JHlJg hb 2
  cn ms-WMI-IntRangeParam
  under msWMI-MergeablePolicyTemplate
  must msWMI-IntDefault
  may msWMI-IntMax msWMI-IntMin
msWMI-IntSetParam d206 msWMI-RangeParam structural cn mg0vKXbPsEKEH7ZQ8zHfYg hb 37
  cn ms-WMI-IntSetParam
  under msWMI-MergeablePolicyTemplate
  must msWMI-IntDefault
  may msWMI-IntValidValues
msWMI-MergeablePolicyTemplate d202 msWMI-PolicyTemplate structural cn FCRQB8r9UUiwShNkWxHSJg hb 37
  cn ms-WMI-MergeablePolicyTemplate
  under container
msWMI-ObjectEncoding d217 top structural cn yYHdVRLD+UGoTcatvfHo4Q hb 2
  cn ms-WMI-ObjectEncoding
  under container
  must msWMI-Class msWMI-Genus msWMI-ID msWMI-intFlags1 msWMI-intFlags2 msWMI-intFlags3
  must msWMI-intFlags4 msWMI-Parm1 msWMI-Parm2 msWMI-Parm3 msWMI-Parm4 msWMI-ScopeGuid
  must msWMI-TargetObject
msWMI-PolicyTemplate d200 top structural cn 8YC84kokWU2sxspcT4Lm4Q hb 38
  cn ms-WMI-PolicyTemplate
  under container
  must msWMI-ID msWMI-Name msWMI-NormalizedClass msWMI-TargetClass msWMI-TargetNameSpace
  must msWMI-TargetPath
  may msWMI-Author msWMI-ChangeDate msWMI-CreationDate msWMI-intFlags1 msWMI-intFlags2
  may msWMI-intFlags3 msWMI-intFlags4 msWMI-Parm1 msWMI-Parm2 msWMI-Parm3 msWMI-Parm4
  may msWMI-SourceOrganization msWMI-TargetType
msWMI-PolicyType d211 top structural cn EyZbWQlBd06QE6O7TvJ3xw hb 38
  cn ms-WMI-PolicyType
  under container
  must msWMI-ID msWMI-TargetObject
  may msWMI-Author msWMI-ChangeDate msWMI-CreationDate msWMI-intFlags1 msWMI-intFlags2
  may msWMI-intFlags3 msWMI-intFlags4 msWMI-Parm1 msWMI-Parm2 msWMI-Parm3 msWMI-Parm4
  may msWMI-SourceOrganization
msWMI-RangeParam d203 top structural cn V1r7RRhQD02QVpl8jJEi2Q hb 37
  cn ms-WMI-RangeParam
  under msWMI-MergeablePolicyTemplate
  must msWMI-PropertyName msWMI-TargetClass msWMI-TargetType
msWMI-RealRangeParam d209 msWMI-RangeParam structural cn 4o/+arxwzkyxZqlvc1nFFA hb 2
  cn ms-WMI-RealRangeParam
  under msWMI-MergeablePolicyTemplate
  must msWMI-Int8Default
  may msWMI-Int8Max msWMI-Int8Min
msWMI-Rule d214 top structural cn g29+PA7dG0igwnTNlu8qZg hb 2
  cn ms-WMI-Rule
  under container msWMI-Som
  must msWMI-Query msWMI-QueryLanguage msWMI-TargetNameSpace
msWMI-ShadowObject d212 top structural cn 30vk8dONNUKchvkfMfW1aQ hb 2
  cn ms-WMI-ShadowObject
  under msWMI-PolicyType
  must msWMI-TargetObject
msWMI-SimplePolicyTemplate d201 msWMI-PolicyTemplate structural cn tbLIbN8S9kSDB+dPXN7jaQ hb 37
  cn ms-WMI-SimplePolicyTemplate
  under container
  must msWMI-TargetObject
msWMI-Som d213 top structural cn eHCFq0IBBkSUWzTJtrEzcg hb 38
  cn ms-WMI-Som
  under container
  must msWMI-ID msWMI-Name
  may msWMI-Author msWMI-ChangeDate msWMI-CreationDate msWMI-intFlags1 msWMI-intFlags2
  may msWMI-intFlags3 msWMI-intFlags4 msWMI-Parm1 msWMI-Parm2 msWMI-Parm3 msWMI-Parm4
  may msWMI-SourceOrganization
msWMI-StringSetParam d210 msWMI-RangeParam structural cn onnFC6cd6ky2mYB/O51jpA hb 37
  cn ms-WMI-StringSetParam
  under msWMI-MergeablePolicyTemplate
  must msWMI-StringDefault
  may msWMI-StringValidValues
msWMI-UintRangeParam d207 msWMI-RangeParam structural cn spmn2fPOs0i1rfuF+N0yFA hb 2
  cn ms-WMI-UintRangeParam
  under msWMI-MergeablePolicyTemplate
  must msWMI-IntDefault
  may msWMI-IntMax msWMI-IntMin
msWMI-UintSetParam d208 msWMI-RangeParam structural cn MetLjxlO9UaTLl+gPDObHQ hb 37
  cn ms-WMI-UintSetParam
  under msWMI-MergeablePolicyTemplate
  must msWMI-IntDefault
  may msWMI-IntValidValues
msWMI-UnknownRangeParam d204 msWMI-RangeParam structural cn a8IquNvGmECSxknBijM24Q hb 2
  cn ms-WMI-UnknownRangeParam
  under msWMI-MergeablePolicyTemplate
  must msWMI-NormalizedClass msWMI-TargetObject
msWMI-WMIGPO d215 top structural cn AABjBSc53k6/J8qR8nXCbw hb 38
  cn ms-WMI-WMIGPO
  under container
  must msWMI-TargetClass
  may msWMI-intFlags1 msWMI-intFlags2 msWMI-intFlags3 msWMI-intFlags4 msWMI-Parm1 msWMI-Parm2
  may msWMI-Parm3 msWMI-Parm4
nisMap n9 top structural cn bGZydsECM0+ez/ZJwd2bfA h 2
  cn NisMap
  under+ container domainDNS organizationalUnit
  must+ cn nisMapName
  may+ description
nisNetgroup n8 top structural cn hL/vcntuXEqo24p1p8rSVA h 2
  cn NisNetgroup
  under+ container domainDNS nisMap organizationalUnit
  must+ cn
  may+ description memberNisNetgroup msSFU30Name msSFU30NetgroupHostAtDomain
  may+ msSFU30NetgroupUserAtDomain msSFU30NisDomain nisMapName nisNetgroupTriple
nisObject n10 top structural cn k4pPkFRJX0yx4VPAl6MeEw h 2
  cn NisObject
  under+ container domainDNS nisMap organizationalUnit
  must+ cn nisMapEntry nisMapName
  may+ description msSFU30Name msSFU30NisDomain
nTDSConnection d71 leaf structural cn YFoZGaBt0BGv0wDAT9kwyQ hb 2
  cn NTDS-Connection
  under nTDSDSA nTFRSMember nTFRSReplicaSet
  must enabledConnection fromServer options
  may generatedConnection mS-DS-ReplicatesNCReason schedule transportType
nTDSDSA d7000.47 applicationSettings structural cn q//48JER0BGgYACqAGwz7Q hob 2
  cn NTDS-DSA
  under organization server
  may dMDLocation fRSRootPath hasMasterNCs hasPartialReplicaNCs invocationId
  may lastBackupRestorationTime managedBy msDS-Behavior-Version msDS-EnabledFeature
  may msDS-HasDomainNCs msDS-hasFullReplicaNCs msDS-HasInstantiatedNCs msDS-hasMasterNCs msDS-isGC
  may msDS-isRODC msDS-IsUserCachableAtRodc msDS-NeverRevealGroup msDS-ReplicationEpoch
  may msDS-RetiredReplNCSignatures msDS-RevealedUsers msDS-RevealOnDemandGroup msDS-SiteName
  may networkAddress options queryPolicyObject retiredReplDSASignatures serverReference
nTDSDSARO d254 nTDSDSA structural cn wW7RhZEHyEuKs3CYBgL/jA hob 2
  cn NTDS-DSA-RO
  under organization server
nTDSService d72 top structural cn X1oZGaBt0BGv0wDAT9kwyQ hb 2
  cn NTDS-Service
  under container
  may dSHeuristics garbageCollPeriod msDS-DeletedObjectLifetime msDS-Other-Settings
  may replTopologyStayOfExecution sPNMappings tombstoneLifetime
nTDSSiteSettings d69 applicationSiteSettings structural cn XVoZGaBt0BGv0wDAT9kwyQ hb 2
  cn NTDS-Site-Settings
  under site
  may interSiteTopologyFailover interSiteTopologyGenerator interSiteTopologyRenew managedBy
  may msDS-Preferred-GC-Site options queryPolicyObject schedule
nTFRSMember d153 top structural cn hiUTKnOT0RGuvAAA+ANnwQ hb 22
  cn NTFRS-Member
  under nTFRSReplicaSet
  may frsComputerReference fRSControlDataCreation fRSControlInboundBacklog
  may fRSControlOutboundBacklog fRSExtensions fRSFlags fRSPartnerAuthLevel fRSRootSecurity
  may fRSServiceCommand fRSUpdateTimeout serverReference
nTFRSReplicaSet d102 top structural cn OoBFUmrK0BGv/wAA+ANnwQ hb 39
  cn NTFRS-Replica-Set
  under nTFRSSettings
  may fRSDirectoryFilter fRSDSPoll fRSExtensions fRSFileFilter fRSFlags fRSLevelLimit
  may fRSPartnerAuthLevel fRSPrimaryMember fRSReplicaSetGUID fRSReplicaSetType fRSRootSecurity
  may fRSServiceCommand fRSVersionGUID managedBy msFRS-Hub-Member msFRS-Topology-Pref schedule
nTFRSSettings d89 applicationSettings structural cn wqyA9/BW0RGpxgAA+ANnwQ hb 22
  cn NTFRS-Settings
  under container nTFRSSettings organization organizationalUnit
  may fRSExtensions managedBy
nTFRSSubscriber d155 top structural cn iCUTKnOT0RGuvAAA+ANnwQ hb 40
  cn NTFRS-Subscriber
  under nTFRSSubscriptions
  must fRSRootPath fRSStagingPath
  may fRSExtensions fRSFaultCondition fRSFlags fRSMemberReference fRSServiceCommand
  may fRSServiceCommandStatus fRSTimeLastCommand fRSTimeLastConfigChange fRSUpdateTimeout schedule
nTFRSSubscriptions d154 top structural cn hyUTKnOT0RGuvAAA+ANnwQ hb 40
  cn NTFRS-Subscriptions
  under computer nTFRSSubscriptions user
  may fRSExtensions fRSVersion fRSWorkingPath
oncRpc n5 top structural cn Xh7dyvz+P0+1qXDplCBDAw h 2
  cn OncRpc
  under+ container domainDNS nisMap organizationalUnit
  must+ cn oncRpcNumber
  may+ description msSFU30Aliases msSFU30Name msSFU30NisDomain nisMapName
organization f4 top structural o o3qWv+YN0BGihQCqADBJ4g b 2
  cn Organization
  under country domainDNS locality
  must o
  may businessCategory destinationIndicator facsimileTelephoneNumber internationalISDNNumber l
  may physicalDeliveryOfficeName postalAddress postalCode postOfficeBox preferredDeliveryMethod
  may registeredAddress searchGuide seeAlso st street telephoneNumber teletexTerminalIdentifier
  may telexNumber userPassword x121Address
organizationalPerson f7 person 88 cn pHqWv+YN0BGihQCqADBJ4g hb 2
  cn Organizational-Person Person
  under container organization organizationalUnit
  may assistant c co comment company countryCode department destinationIndicator division
  may employeeID facsimileTelephoneNumber generationQualifier givenName homePhone initials
  may internationalISDNNumber ipPhone l mail manager mhsORAddress middleName mobile
  may msDS-AllowedToActOnBehalfOfOtherIdentity msDS-AllowedToDelegateTo o
  may otherFacsimileTelephoneNumber otherHomePhone otherIpPhone otherMailbox otherMobile
  may otherPager otherTelephone ou pager personalTitle physicalDeliveryOfficeName postalAddress
  may postalCode postOfficeBox preferredDeliveryMethod primaryInternationalISDNNumber
  may primaryTelexNumber registeredAddress st street streetAddress teletexTerminalIdentifier
  may telexNumber thumbnailLogo thumbnailPhoto title x121Address
  may+ homePostalAddress houseIdentifier msDS-HABSeniorityIndex msDS-PhoneticCompanyName
  may+ msDS-PhoneticDepartment msDS-PhoneticDisplayName msDS-PhoneticFirstName
  may+ msDS-PhoneticLastName msExchHouseIdentifier
organizationalRole f8 top structural cn v3TfqOrF0RG7ywCAx2ZwwA hb 2
  cn Organizational-Role
  under container organization organizationalUnit
  must cn
  may destinationIndicator facsimileTelephoneNumber internationalISDNNumber l ou
  may physicalDeliveryOfficeName postalAddress postalCode postOfficeBox preferredDeliveryMethod
  may registeredAddress roleOccupant seeAlso st street telephoneNumber teletexTerminalIdentifier
  may telexNumber x121Address
organizationalUnit f5 top structural ou pXqWv+YN0BGihQCqADBJ4g b 41
  cn Organizational-Unit
  under country domainDNS organization organizationalUnit
  must ou
  may businessCategory c co countryCode defaultGroup desktopProfile destinationIndicator
  may facsimileTelephoneNumber gPLink gPOptions internationalISDNNumber l managedBy
  may msCOM-UserPartitionSetLink physicalDeliveryOfficeName postalAddress postalCode postOfficeBox
  may preferredDeliveryMethod registeredAddress searchGuide seeAlso st street telephoneNumber
  may teletexTerminalIdentifier telexNumber thumbnailLogo uPNSuffixes userPassword x121Address
packageRegistration d49 top structural cn pnqWv+YN0BGihQCqADBJ4g hb 2
  cn Package-Registration
  under classStore
  may canUpgradeScript categories cOMClassID cOMInterfaceID cOMProgID cOMTypelibId fileExtPriority
  may iconPath installUiLevel lastUpdateSequence localeID machineArchitecture managedBy
  may msiFileList msiScript msiScriptName msiScriptPath msiScriptSize packageFlags packageName
  may packageType productCode setupCommand upgradeProductCode vendor versionNumberHi
  may versionNumberLo
person f6 top 88 cn p3qWv+YN0BGihQCqADBJ4g hb 2
  cn Person
  under container organizationalUnit
  must cn
  may seeAlso serialNumber sn telephoneNumber userPassword
  may+ attributeCertificateAttribute
physicalLocation d97 locality structural cn IjGxty640BGv7gAA+ANnwQ hb 2
  cn Physical-Location
  under configuration physicalLocation
  may managedBy
pKICertificateTemplate d177 top structural cn opwg5bo70hGQzADAT9kasQ hb 2
  cn PKI-Certificate-Template
  under container
  may displayName flags msPKI-Cert-Template-OID msPKI-Certificate-Application-Policy
  may msPKI-Certificate-Name-Flag msPKI-Certificate-Policy msPKI-Enrollment-Flag
  may msPKI-Minimal-Key-Size msPKI-Private-Key-Flag msPKI-RA-Application-Policies
  may msPKI-RA-Policies msPKI-RA-Signature msPKI-Supersede-Templates msPKI-Template-Minor-Revision
  may msPKI-Template-Schema-Version pKICriticalExtensions pKIDefaultCSPs pKIDefaultKeySpec
  may pKIEnrollmentAccess pKIExpirationPeriod pKIExtendedKeyUsage pKIKeyUsage pKIMaxIssuingDepth
  may pKIOverlapPeriod
pKIEnrollmentService d178 top structural cn kqZK7ro70hGQzADAT9kasQ hb 2
  cn PKI-Enrollment-Service
  under container
  may cACertificate cACertificateDN certificateTemplates dNSHostName enrollmentProviders
  may msPKI-Enrollment-Servers msPKI-Site-Name signatureAlgorithms
posixAccount n0 top auxiliary uid QbtErdVniE21dXsgZ0522A h 2
  cn PosixAccount
  may+ cn description gecos gidNumber homeDirectory loginShell uid uidNumber unixHomeDirectory
  may+ unixUserPassword userPassword
posixGroup n2 top auxiliary cn uFCTKiwG0E6ZA93hDQbeug h 2
  cn PosixGroup
  may+ cn description gidNumber memberUid unixUserPassword userPassword
printQueue d23 connectionPoint structural cn qHqWv+YN0BGihQCqADBJ4g b 42
  cn Print-Queue
  under computer container domainDNS organizationalUnit
  must printerName serverName shortServerName uNCName versionNumber
  may assetNumber bytesPerMinute defaultPriority driverName driverVersion location operatingSystem
  may operatingSystemHotfix operatingSystemServicePack operatingSystemVersion
  may physicalLocationObject portName printAttributes printBinNames printCollate printColor
  may printDuplexSupported printEndTime printFormName printKeepPrintedJobs printLanguage
  may printMACAddress printMaxCopies printMaxResolutionSupported printMaxXExtent printMaxYExtent
  may printMediaReady printMediaSupported printMemory printMinXExtent printMinYExtent
  may printNetworkAddress printNotify printNumberUp printOrientationsSupported printOwner
  may printPagesPerMinute printRate printRateUnit printSeparatorFile printShareName printSpooling
  may printStaplingSupported printStartTime printStatus priority
queryPolicy d106 top structural cn dXDMg6fM0BGv/wAA+ANnwQ hb 2
  cn Query-Policy
  under container
  may lDAPAdminLimits lDAPIPDenyList
remoteMailRecipient d24 top structural cn qXqWv+YN0BGihQCqADBJ4g hb 43
  cn Remote-Mail-Recipient
  aux mailRecipient
  under domainDNS organizationalUnit
  may managedBy remoteSource remoteSourceType
remoteStorageServicePoint d146 serviceAdministrationPoint structural cn vcU5KmCJ0RGuvAAA+ANnwQ hb 22
  cn Remote-Storage-Service-Point
  under computer
  may remoteStorageGUID
residentialPerson f10 person structural cn 1nTfqOrF0RG7ywCAx2ZwwA hb 2
  cn Residential-Person
  under container locality
  may businessCategory destinationIndicator facsimileTelephoneNumber internationalISDNNumber l ou
  may physicalDeliveryOfficeName postalAddress postalCode postOfficeBox preferredDeliveryMethod
  may registeredAddress st street teletexTerminalIdentifier telexNumber title x121Address
rFC822LocalPart l14 domain structural cn eDo+ua7LXkige170rlBWhg h 1
  cn rFC822LocalPart
  under+ container organizationalUnit
  may+ cn description destinationIndicator facsimileTelephoneNumber internationalISDNNumber
  may+ physicalDeliveryOfficeName postalAddress postalCode postOfficeBox preferredDeliveryMethod
  may+ registeredAddress seeAlso sn street telephoneNumber teletexTerminalIdentifier telexNumber
  may+ x121Address
rIDManager d83 top structural cn jRgXZjyP0BGv2gDAT9kwyQ hob 44
  cn RID-Manager
  under container
  must rIDAvailablePool
  may msDS-RIDPoolAllocationEnabled
rIDSet d129 top structural cn icv9ewdI0RGpwwAA+ANnwQ hob 2
  cn RID-Set
  under computer container user
  must rIDAllocationPool rIDNextRID rIDPreviousAllocationPool rIDUsedPool
room l7 top structural cn 0uVgeLDIu0y9RdlFW+uSBg h 1
  cn room
  under+ container organizationalUnit
  must+ cn
  may+ description location roomNumber seeAlso telephoneNumber
rpcContainer d136 container structural cn QighgNxL0RGpxAAA+ANnwQ hb 2
  cn Rpc-Container
  under container
  may nameServiceFlags
rpcEntry d27 connectionPoint abstract cn rHqWv+YN0BGihQCqADBJ4g hb 2
  cn rpc-Entry
  under container
rpcGroup d80 rpcEntry structural cn 3xthiPSM0BGv2gDAT9kwyQ hb 2
  cn rpc-Group
  under container
  may rpcNsGroup rpcNsObjectID
rpcProfile d82 rpcEntry structural cn 4RthiPSM0BGv2gDAT9kwyQ hb 2
  cn rpc-Profile
  under container
rpcProfileElement d26 rpcEntry structural cn z1OW8tB60BGv1gDAT9kwyQ hb 2
  cn rpc-Profile-Element
  under rpcProfile
  must rpcNsInterfaceID rpcNsPriority
  may rpcNsAnnotation rpcNsProfileEntry
rpcServer d81 rpcEntry structural cn 4BthiPSM0BGv2gDAT9kwyQ hb 2
  cn rpc-Server
  under container
  may rpcNsCodeset rpcNsEntryFlags rpcNsObjectID
rpcServerElement d73 rpcEntry structural cn 0FOW8tB60BGv1gDAT9kwyQ hb 2
  cn rpc-Server-Element
  under rpcServer
  must rpcNsBindings rpcNsInterfaceID rpcNsTransferSyntax
rRASAdministrationConnectionPoint d150 serviceAdministrationPoint structural cn vsU5KmCJ0RGuvAAA+ANnwQ hb 22
  cn RRAS-Administration-Connection-Point
  under computer
  may msRRASAttribute
rRASAdministrationDictionary d156 top structural cn rpib842T0RGuvQAA+ANnwQ hb 40
  cn RRAS-Administration-Dictionary
  under container
  may msRRASVendorAttributeEntry
samDomain d3 top auxiliary cn kHqWv+YN0BGihQCqADBJ4g hb 45
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
samDomainBase d2 top auxiliary cn kXqWv+YN0BGihQCqADBJ4g hb -
  cn Sam-Domain-Base
  may creationTime domainReplica forceLogoff lockoutDuration lockOutObservationWindow
  may lockoutThreshold maxPwdAge minPwdAge minPwdLength modifiedCount modifiedCountAtLastProm
  may nextRid nTSecurityDescriptor objectSid oEMInformation pwdHistoryLength pwdProperties
  may revision serverRole serverState uASCompat
samServer d5 securityObject structural cn rXqWv+YN0BGihQCqADBJ4g hb 46
  cn Sam-Server
  under domainDNS
  may samDomainUpdates
secret d28 leaf structural cn rnqWv+YN0BGihQCqADBJ4g hb 47
  cn Secret
  under container
  may currentValue lastSetTime priorSetTime priorValue
securityObject d1 top abstract cn r3qWv+YN0BGihQCqADBJ4g hb 2
  cn Security-Object
  under container
  must cn
securityPrincipal d6 top auxiliary cn sHqWv+YN0BGihQCqADBJ4g hb -
  cn Security-Principal
  must objectSid sAMAccountName
  may accountNameHistory altSecurityIdentities msDS-KeyVersionNumber msds-tokenGroupNames
  may msds-tokenGroupNamesGlobalAndUniversal msds-tokenGroupNamesNoGCAcceptable
  may nTSecurityDescriptor rid sAMAccountType securityIdentifier sIDHistory
  may supplementalCredentials tokenGroups tokenGroupsGlobalAndUniversal tokenGroupsNoGCAcceptable
server d17 top structural cn knqWv+YN0BGihQCqADBJ4g hb 48
  cn Server
  under serversContainer
  may bridgeheadTransportList dNSHostName mailAddress managedBy msDS-isGC msDS-isRODC
  may msDS-IsUserCachableAtRodc msDS-SiteName serialNumber serverReference
serversContainer d7000.48 top structural cn wKyA9/BW0RGpxgAA+ANnwQ hb 49
  cn Servers-Container
  under site
serviceAdministrationPoint d94 serviceConnectionPoint structural cn IzGxty640BGv7gAA+ANnwQ hb 2
  cn Service-Administration-Point
  under computer
serviceClass d29 leaf structural cn sXqWv+YN0BGihQCqADBJ4g hb 2
  cn Service-Class
  under container
  must displayName serviceClassID
  may serviceClassInfo
serviceConnectionPoint d126 connectionPoint structural cn wQ5jKNVB0RGpwQAA+ANnwQ hb 50
  cn Service-Connection-Point
  under computer container organizationalUnit
  may appSchemaVersion serviceBindingInformation serviceClassName serviceDNSName
  may serviceDNSNameType vendor versionNumber versionNumberHi versionNumberLo
serviceInstance d30 connectionPoint structural cn snqWv+YN0BGihQCqADBJ4g hb 2
  cn Service-Instance
  under container
  must displayName serviceClassID
  may serviceInstanceVersion winsockAddresses
shadowAccount n1 top auxiliary uid Z4RtWxgadEGzUJzG57SsjQ h 2
  cn ShadowAccount
  may+ description shadowExpire shadowFlag shadowInactive shadowLastChange shadowMax shadowMin
  may+ shadowWarning uid userPassword
simpleSecurityObject l19 top auxiliary cn C5vmX0bhFU+wq8Hl1IjglA h 1
  cn simpleSecurityObject
  may+ userPassword
site d31 top structural cn s3qWv+YN0BGihQCqADBJ4g hb 51
  cn Site
  under sitesContainer
  may gPLink gPOptions location managedBy msDS-BridgeHeadServersUsed mSMQInterval1 mSMQInterval2
  may mSMQNt4Stub mSMQSiteForeign mSMQSiteID notificationList
siteLink d147 top structural cn 3iwM1VGJ0RGuvAAA+ANnwQ b 2
  cn Site-Link
  under interSiteTransport
  must siteList
  may cost options replInterval schedule
siteLinkBridge d148 top structural cn 3ywM1VGJ0RGuvAAA+ANnwQ b 2
  cn Site-Link-Bridge
  under interSiteTransport
  must siteLinkList
sitesContainer d107 top structural cn 2hdBemfN0BGv/wAA+ANnwQ hb 2
  cn Sites-Container
  under configuration
storage d33 connectionPoint structural cn tXqWv+YN0BGihQCqADBJ4g hb 2
  cn Storage
  under container
  may iconPath moniker monikerDisplayName
subnet d96 top structural cn JDGxty640BGv7gAA+ANnwQ hb 2
  cn Subnet
  under subnetContainer
  may location physicalLocationObject siteObject
subnetContainer d95 top structural cn JTGxty640BGv7gAA+ANnwQ hb 7
  cn Subnet-Container
  under sitesContainer
subSchema p1 top structural cn YTKLWo3D0RG7yQCAx2ZwwA hobd 4
  cn SubSchema
  under dMD
  may attributeTypes dITContentRules extendedAttributeInfo extendedClassInfo modifyTimeStamp
  may objectClasses
top f0 top abstract cn t3qWv+YN0BGihQCqADBJ4g hob 2
  cn Top
  under lostAndFound
  must instanceType nTSecurityDescriptor objectCategory objectClass
  may adminDescription adminDisplayName allowedAttributes allowedAttributesEffective
  may allowedChildClasses allowedChildClassesEffective bridgeheadServerListBL canonicalName cn
  may createTimeStamp description directReports displayName displayNamePrintable distinguishedName
  may dSASignature dSCorePropagationData extensionName flags fromEntry frsComputerReferenceBL
  may fRSMemberReferenceBL fSMORoleOwner isCriticalSystemObject isDeleted isPrivilegeHolder
  may isRecycled lastKnownParent managedObjects masteredBy memberOf modifyTimeStamp
  may mS-DS-ConsistencyChildCount mS-DS-ConsistencyGuid msCOM-PartitionSetLink msCOM-UserLink
  may msDS-Approx-Immed-Subordinates msDS-AuthenticatedToAccountlist
  may msDS-ClaimSharesPossibleValuesWithBL msDS-CloudAnchor msDS-EnabledFeatureBL
  may msDS-HostServiceAccountBL msDS-IsDomainFor msDS-IsFullReplicaFor msDS-IsPartialReplicaFor
  may msDS-IsPrimaryComputerFor msDS-KrbTgtLinkBl msDS-LastKnownRDN
  may msDS-LocalEffectiveDeletionTime msDS-LocalEffectiveRecycleTime msDs-masteredBy
  may msds-memberOfTransitive msDS-MembersForAzRoleBL msDS-MembersOfResourcePropertyListBL
  may msds-memberTransitive msDS-NC-RO-Replica-Locations-BL msDS-NCReplCursors
  may msDS-NCReplInboundNeighbors msDS-NCReplOutboundNeighbors msDS-NcType msDS-NonMembersBL
  may msDS-ObjectSoa msDS-OIDToGroupLinkBl msDS-OperationsForAzRoleBL msDS-OperationsForAzTaskBL
  may msDS-parentdistname msDS-PrincipalName msDS-PSOApplied msDS-ReplAttributeMetaData
  may msDS-ReplValueMetaData msDS-ReplValueMetaDataExt msDS-RevealedDSAs msDS-RevealedListBL
  may msDS-SourceAnchor msDS-TasksForAzRoleBL msDS-TasksForAzTaskBL msDS-TDOEgressBL
  may msDS-TDOIngressBL msDS-ValueTypeReferenceBL name netbootSCPBL nonSecurityMemberBL objectGUID
  may objectVersion otherWellKnownObjects ownerBL partialAttributeDeletionList partialAttributeSet
  may possibleInferiors proxiedObjectName proxyAddresses queryPolicyBL replPropertyMetaData
  may replUpToDateVector repsFrom repsTo revision sDRightsEffective serverReferenceBL
  may showInAdvancedViewOnly siteObjectBL structuralObjectClass subRefs subSchemaSubEntry
  may systemFlags url uSNChanged uSNCreated uSNDSALastObjRemoved USNIntersite uSNLastObjRem
  may uSNSource wbemPath wellKnownObjects whenChanged whenCreated wWWHomePage
  may+ msDFSR-ComputerReferenceBL msDFSR-MemberReferenceBL msDS-ObjectReferenceBL
  may+ msSFU30PosixMemberOf
trustedDomain d34 leaf structural cn uHqWv+YN0BGihQCqADBJ4g hb 52
  cn Trusted-Domain
  under container
  may additionalTrustedServiceNames domainCrossRef domainIdentifier flatName initialAuthIncoming
  may initialAuthOutgoing mS-DS-CreatorSID msDS-EgressClaimsTransformationPolicy
  may msDS-IngressClaimsTransformationPolicy msDS-SupportedEncryptionTypes
  may msDS-TrustForestTrustInfo securityIdentifier trustAttributes trustAuthIncoming
  may trustAuthOutgoing trustDirection trustPartner trustPosixOffset trustType
typeLibrary d53 top structural cn 4hYUKGgZ0BGijwCqADBJ4g hb 2
  cn Type-Library
  under classStore
  may cOMClassID cOMInterfaceID cOMUniqueLIBID
user d9 organizationalPerson structural cn unqWv+YN0BGihQCqADBJ4g b 16
  cn User Person
  aux mailRecipient msDS-CloudExtensions securityPrincipal
  aux+ posixAccount shadowAccount
  under builtinDomain domainDNS organizationalUnit
  may accountExpires aCSPolicyName adminCount badPasswordTime badPwdCount businessCategory
  may codePage controlAccessRights dBCSPwd defaultClassStore desktopProfile dynamicLDAPServer
  may groupMembershipSAM groupPriority groupsToIgnore homeDirectory homeDrive homePhone initials
  may lastLogoff lastLogon lastLogonTimestamp lmPwdHistory localeID lockoutTime logonCount
  may logonHours logonWorkstation mail manager maxStorage mobile mS-DS-CreatorSID
  may msCOM-UserPartitionSetLink msDRM-IdentityCertificate msDS-AssignedAuthNPolicy
  may msDS-AssignedAuthNPolicySilo msDS-AuthenticatedAtDC msDS-AuthNPolicySiloMembersBL
  may msDS-Cached-Membership msDS-Cached-Membership-Time-Stamp msDS-FailedInteractiveLogonCount
  may msDS-FailedInteractiveLogonCountAtLastSuccessfulLogon msDS-KeyCredentialLink
  may msDS-KeyPrincipalBL msDS-LastFailedInteractiveLogonTime
  may msDS-LastSuccessfulInteractiveLogonTime msDS-preferredDataLocation msDS-PrimaryComputer
  may msDS-ResultantPSO msDS-SecondaryKrbTgtNumber msDS-Site-Affinity
  may msDS-SupportedEncryptionTypes msDS-SyncServerUrl msDS-User-Account-Control-Computed
  may msDS-UserPasswordExpiryTimeComputed msIIS-FTPDir msIIS-FTPRoot mSMQDigests mSMQDigestsMig
  may mSMQSignCertificates mSMQSignCertificatesMig msNPAllowDialin msNPCallingStationID
  may msNPSavedCallingStationID msPKI-CredentialRoamingTokens msPKIAccountCredentials
  may msPKIDPAPIMasterKeys msPKIRoamingTimeStamp msRADIUS-FramedInterfaceId
  may msRADIUS-FramedIpv6Prefix msRADIUS-FramedIpv6Route msRADIUS-SavedFramedInterfaceId
  may msRADIUS-SavedFramedIpv6Prefix msRADIUS-SavedFramedIpv6Route msRADIUSCallbackNumber
  may msRADIUSFramedIPAddress msRADIUSFramedRoute msRADIUSServiceType msRASSavedCallbackNumber
  may msRASSavedFramedIPAddress msRASSavedFramedRoute msTSAllowLogon msTSBrokenConnectionAction
  may msTSConnectClientDrives msTSConnectPrinterDrives msTSDefaultToMainPrinter msTSExpireDate
  may msTSExpireDate2 msTSExpireDate3 msTSExpireDate4 msTSHomeDirectory msTSHomeDrive
  may msTSInitialProgram msTSLicenseVersion msTSLicenseVersion2 msTSLicenseVersion3
  may msTSLicenseVersion4 msTSLSProperty01 msTSLSProperty02 msTSManagingLS msTSManagingLS2
  may msTSManagingLS3 msTSManagingLS4 msTSMaxConnectionTime msTSMaxDisconnectionTime
  may msTSMaxIdleTime msTSPrimaryDesktop msTSProfilePath msTSProperty01 msTSProperty02
  may msTSReconnectionAction msTSRemoteControl msTSSecondaryDesktops msTSWorkDirectory
  may networkAddress ntPwdHistory o operatorCount otherLoginWorkstations pager preferredOU
  may primaryGroupID profilePath pwdLastSet scriptPath servicePrincipalName terminalServer
  may unicodePwd userAccountControl userCertificate userParameters userPrincipalName
  may userSharedFolder userSharedFolderOther userWorkstations
  may+ audio carLicense departmentNumber displayName employeeNumber employeeType givenName
  may+ homePostalAddress jpegPhoto labeledURI msDS-SourceObjectDN msSFU30Name msSFU30NisDomain
  may+ photo preferredLanguage roomNumber secretary uid userPKCS12 userSMIMECertificate
  may+ x500uniqueIdentifier
volume d36 connectionPoint structural cn u3qWv+YN0BGihQCqADBJ4g b 2
  cn Volume
  under domainDNS organizationalUnit
  must uNCName
  may contentIndexingAllowed lastContentIndexed
`;
