# Several middles: the list is replaced as a whole.
$middles = foreach ($name in 'ServerB1', 'ServerB2', 'ServerB3') { Get-ADComputer -Identity $name }
Set-ADComputer -Identity ServerC -PrincipalsAllowedToDelegateToAccount $middles
