# Every server of the unit but the jump box takes users from it.
$middle = Get-ADComputer -Identity JumpBox
$targets = Get-ADComputer -Filter { Name -ne $middle.Name } `
    -SearchBase 'OU=Servers,OU=NA,DC=contoso,DC=com' -SearchScope Subtree
foreach ($target in $targets) {
    Set-ADComputer -Identity $target -PrincipalsAllowedToDelegateToAccount $middle
}
