# The owner of ServerC decides who may come on behalf of others: the entry is on ServerC's account.
$middle = Get-ADComputer -Identity ServerB
Set-ADComputer -Identity ServerC -PrincipalsAllowedToDelegateToAccount $middle

# What is written there is a security descriptor with one entry that allows SERVERB$ everything.
$target = Get-ADComputer -Identity ServerC -Properties msDS-AllowedToActOnBehalfOfOtherIdentity
$target.'msDS-AllowedToActOnBehalfOfOtherIdentity'.Access

# The same by name.
(Get-ADComputer -Identity ServerC -Properties PrincipalsAllowedToDelegateToAccount).PrincipalsAllowedToDelegateToAccount
